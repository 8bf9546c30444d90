internal import CWALShims

/// The descriptors of standard input, output and error. Code that prints writes to these numbers, regardless of the
/// file that has them.
package enum StandardDescriptors {
    /// Opens /dev/null as each closed standard descriptor. Call this before a database's client library opens files or
    /// sockets: they would get those numbers. Files that the log opens never get them.
    package static func fill() {
        cwal_fill_standard_descriptors()
    }
}
