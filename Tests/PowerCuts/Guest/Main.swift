import Glibc

/// The program that a power cut interrupts, and the program that checks the disk afterwards.
///
///     PowerCutGuest work DIRECTORY WORKLOAD BOOT SEED     on the machine whose power is cut
///     PowerCutGuest check DIRECTORY WORKLOAD SEED REPORTS   on its disk; prints a line for each finding
@main struct Main {
    static func main() async {
        let arguments = CommandLine.arguments
        do {
            switch arguments.count > 1 ? arguments[1] : "" {
            case "work" where arguments.count == 6:
                guard let workload = Workload(rawValue: arguments[3]), let boot = UInt64(arguments[4]),
                    let seed = UInt64(arguments[5])
                else { exit(64) }
                try await Work(workload: workload, directory: arguments[2], boot: boot, seed: seed).run()
            case "check" where arguments.count == 6:
                guard let workload = Workload(rawValue: arguments[3]), let seed = UInt64(arguments[4]) else { exit(64) }
                var check = Check(
                    workload: workload, directory: arguments[2], seed: seed, reports: try Reports(at: arguments[5]))
                try await check.run()
                for finding in check.findings.prefix(20) { print(finding) }
                exit(check.findings.isEmpty ? 0 : 1)
            default:
                exit(64)
            }
        } catch {
            print("E \(error)")
            exit(70)
        }
    }
}
