// The conformance of a public type to a public protocol is public, even in an executable.
public import ArgumentParser
public import Logging

extension Logger.Level: @retroactive ExpressibleByArgument {}
