internal import CWALShims

/// The numbers of standard input, output and error, to which whoever prints writes.
package enum StandardDescriptors {
    /// Opens /dev/null as each of them that is closed: before a database's client library opens files or sockets, which would get
    /// those numbers. What this library opens by itself never does.
    package static func fill() {
        cwal_fill_standard_descriptors()
    }
}
