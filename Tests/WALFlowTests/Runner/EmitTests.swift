import Foundation
import TestSupport
import Testing
import WAL
import WALDelivery
import WALTasks
import WALTesting

@testable import WALFlow

/// The messages of a step arrive once with its result, and never without it.
@Suite(.timeLimit(.minutes(10))) struct EmitTests {
    /// A destination that keeps messages and positions over several lives of the storage.
    final class Mailbox: Sendable {
        struct State {
            var lanes: [LogID: [SinkLane]] = [:]
            var messages: [String] = []
            /// The number of further calls that are applied and then fail.
            var lostAnswers = 0
        }

        let state = Monitor(State())

        var messages: [String] { state.withLock(\.messages) }
    }

    struct MailSink: Sink {
        struct Lost: Error {}
        struct Fenced: Error {}

        let mailbox: Mailbox
        let name = "base"
        let maxConcurrency = 1

        func claim(_ lanes: Range<Int>, of laneCount: Int, log: LogID) async throws -> [SinkLane] {
            mailbox.state.withLock { state in
                var all = state.lanes[log] ?? (0..<laneCount).map { SinkLane(index: $0, epoch: 0, position: .zero) }
                for index in lanes { all[index].epoch += 1 }
                state.lanes[log] = all
                return Array(all[lanes])
            }
        }

        func apply(_ batch: SinkBatch) async throws -> SinkReceipt {
            try mailbox.state.withLock { state in
                guard var all = state.lanes[batch.log], batch.lanes.allSatisfy({ all[$0.index] == $0 }) else {
                    throw Fenced()
                }
                for lane in batch.lanes { all[lane.index].position = batch.position }
                state.lanes[batch.log] = all
                state.messages += batch.records.map { String(decoding: $0.payload, as: UTF8.self) }
                if state.lostAnswers > 0, !batch.records.isEmpty {
                    state.lostAnswers -= 1
                    throw Lost()
                }
                return SinkReceipt(rowCount: batch.records.count)
            }
        }

        func classify(_ error: any Error) -> SinkFailure { error is Lost ? .indeterminate : .fenced }
        func close() async {}
    }

    private static func open(
        _ directory: TemporaryDirectory, _ mailbox: Mailbox
    ) async throws -> BufferedTaskStorage<MemoryTaskStore> {
        try await .memory(
            log: directory.path,
            additionalSinks: [AdditionalSink(EmittedSink(MailSink(mailbox: mailbox), named: "mail"))])
    }

    @Test func messagesArriveOnceAndInOrder() async throws {
        let (directory, mailbox) = (TemporaryDirectory(), Mailbox())
        mailbox.state.withLock { $0.lostAnswers = 3 }
        let storage = try await Self.open(directory, mailbox)
        let dag = DAG(name: "Mails", key: "mails", of: Int.self) { dag, input in
            let first = dag.addNode("first", after: input) { step, number in
                try step.emit(Array("\(number) a".utf8), to: "mail")
                try step.emit(Array("\(number) b".utf8), to: "mail")
                try step.emit(Array("nobody".utf8), to: "other")
                return number
            }
            return dag.addNode("second", after: first) { step, number in
                try step.emit(Array("\(number) c".utf8), to: "mail")
                return number
            }
        }
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        for number in 0..<20 { _ = try await runner.process(number, by: dag).result() }
        await runner.close()
        try await storage.close()
        #expect(mailbox.messages.count == 60)
        for number in 0..<20 {
            #expect(
                mailbox.messages.filter { $0.hasPrefix("\(number) ") } == ["\(number) a", "\(number) b", "\(number) c"])
        }
    }

    @Test func aFailedAttemptSendsNothing() async throws {
        let (directory, mailbox) = (TemporaryDirectory(), Mailbox())
        let storage = try await Self.open(directory, mailbox)
        let options = NodeOptions(retry: .exponential(max: 5, from: .milliseconds(1), to: .milliseconds(2)))
        let dag = DAG(name: "Mails", key: "mails", of: Int.self) { dag, input in
            dag.addNode("send", after: input, options: options) { step, number in
                try step.emit(Array("attempt \(step.attempt)".utf8), to: "mail")
                struct NotYet: Error {}
                if step.attempt < 3 { throw NotYet() }
                return number
            }
        }
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        _ = try await runner.process(1, by: dag).result()
        await runner.close()
        try await storage.close()
        #expect(mailbox.messages == ["attempt 3"])
    }

    @Test func whatIsTooLargeIsAnError() async throws {
        let (directory, mailbox) = (TemporaryDirectory(), Mailbox())
        let storage = try await Self.open(directory, mailbox)
        let size = storage.segmentSize
        let dag = DAG(name: "Mails", key: "mails", of: Int.self) { dag, input in
            dag.addNode("send", after: input) { step, number in
                let error = FlowError.Code.valueTooLarge
                do throws(FlowError) {
                    try step.emit([UInt8](repeating: 0, count: size / 8), to: "mail")
                } catch {
                    return error.code == .valueTooLarge ? 1 : 0
                }
                return error == .valueTooLarge ? 2 : 3
            }
        }
        let runner = try await FlowRunner(storage: storage, dags: [dag])
        #expect(try await runner.process(1, by: dag).result() == 1)
        await runner.close()
        try await storage.close()
        #expect(mailbox.messages == [])
    }

    /// A restart neither resends nor loses the messages of a finished step.
    @Test func aRestartSendsNothingTwice() async throws {
        let (directory, mailbox) = (TemporaryDirectory(), Mailbox())
        let gate = Gate()
        func dag(_ isBlocked: Bool) -> DAG<Int, Int> {
            DAG(name: "Mails", key: "mails", of: Int.self) { dag, input in
                let sent = dag.addNode("send", after: input) { step, number in
                    try step.emit(Array("sent".utf8), to: "mail")
                    return number
                }
                return dag.addNode("wait", after: sent) { _, number in
                    if isBlocked {
                        gate.open()
                        try await Task.sleep(for: .seconds(86_400))
                    }
                    return number
                }
            }
        }
        let first = try await Self.open(directory, mailbox)
        let blocked = try await FlowRunner(
            storage: first, dags: [dag(true)],
            configuration: FlowConfiguration(closeTimeout: .milliseconds(10)))
        let task = try await blocked.process(1, by: dag(true), id: "task")
        await gate.wait()
        await blocked.close()
        try await first.close()
        #expect(mailbox.messages == ["sent"])
        _ = task
        let second = try await Self.open(directory, mailbox)
        let runner = try await FlowRunner(storage: second, dags: [dag(false)])
        try await eventually { runner.statistics.liveTasks == 0 }
        await runner.close()
        try await second.close()
        #expect(mailbox.messages == ["sent"])
    }
}
