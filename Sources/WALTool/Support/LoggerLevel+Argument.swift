// Conformances of a public type to a public protocol are public, even in an executable.
public import ArgumentParser
public import Logging

extension Logger.Level: @retroactive ExpressibleByArgument {}
