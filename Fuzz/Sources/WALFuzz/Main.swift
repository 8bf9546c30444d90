import CWALFuzzer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `WALFuzz TARGET [libFuzzer's arguments]`
@main
struct Main {
    nonisolated(unsafe) static var run: FuzzTarget.Run = { _ in }

    static func main() {
        var arguments = CommandLine.arguments
        // libFuzzer restarts this program to merge corpora, and passes only its own arguments.
        if arguments.count > 1, FuzzTarget.all[arguments[1]] != nil {
            setenv("WAL_FUZZ_TARGET", arguments.remove(at: 1), 1)
        }
        guard let name = getenv("WAL_FUZZ_TARGET"), let target = FuzzTarget.all[String(cString: name)] else {
            print(FuzzTarget.all.keys.sorted().joined(separator: "\n"))
            return
        }
        run = target
        // libFuzzer keeps the pointers, so they are never freed.
        let texts = arguments.map { strdup($0) } + [nil]
        let vector = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count)
        vector.initialize(from: texts, count: texts.count)
        var count = Int32(arguments.count)
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = vector
        exit(
            LLVMFuzzerRunDriver(&count, &pointer) { bytes, count in
                Main.run(UnsafeRawBufferPointer(start: bytes, count: count))
                return 0
            })
    }
}
