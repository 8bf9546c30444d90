import Logging
import WALLogging

@main
struct LogHandlerExample {
    static func main() async throws {
        let lines = try await LineLog.bootstrap(at: "example-log")

        let logger = Logger(label: "api")
        logger.info("listening", metadata: ["port": "8080"])
        logger.error("no route", metadata: ["request": ["path": "/a", "tags": ["x", "y"]]])

        let reader = lines.log.reader()
        while let record = try reader.next() {
            if let line = LogLine(payload: record.payload) { print(line) }
        }
        try await lines.close()
    }
}
