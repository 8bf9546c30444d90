// Conformances of a public type to a public protocol are public, even in an executable.
public import ArgumentParser
public import WALMonitor

extension MonitorPayloads: ExpressibleByArgument {}
extension LogMonitor.Action: ExpressibleByArgument {}
