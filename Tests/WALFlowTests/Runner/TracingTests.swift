#if Tracing
    import Foundation
    import InMemoryTracing
    import TestSupport
    import Testing
    import Tracing
    import WAL
    import WALTasks

    @testable import WALFlow

    /// A task is a span in its caller's trace. Each attempt of a step is a span in the task's, over restarts.
    @Suite struct TracingTests {
        private static func tracer(_ name: String) -> InMemoryTracer {
            let spans = Monitor(0)
            return InMemoryTracer(
                idGenerator: InMemoryTracer.IDGenerator(
                    nextTraceID: { "trace of \(name)" },
                    nextSpanID: {
                        spans.withLock { count in
                            count += 1
                            return "\(name) \(count)"
                        }
                    }))
        }

        private static func configuration(_ tracer: InMemoryTracer) -> FlowConfiguration {
            var configuration = FlowConfiguration(closeTimeout: .seconds(5), verifiesCoding: true)
            configuration.tracer = tracer
            return configuration
        }

        private static func attribute(_ name: String, of span: FinishedInMemorySpan) -> SpanAttribute? {
            span.attributes.get(name)
        }

        @Test func aStepIsASpanInThatOfItsTask() async throws {
            let directory = TemporaryDirectory()
            let tracer = Self.tracer("one")
            let storage = try await openStorage(directory)
            let options = NodeOptions(retry: .constant(max: 3, every: .milliseconds(1)))
            let dag = DAG(name: "Traced", key: "traced", of: Int.self) { dag, input in
                let each = dag.addIterator("each", over: input, { Array(0..<$0) }) { body, value in
                    body.addNode("step", after: value, options: options) { step, value in
                        if value == 1, step.attempt == 1 { throw TestError("away") }
                        // Spans that a step starts are in the step's span.
                        tracer.startSpan("call").end()
                        return value
                    }
                }
                return dag.addNode("sum", after: each) { _, values in values.reduce(0, +) }
            }
            let runner = try await FlowRunner(
                storage: storage, dags: [dag], configuration: Self.configuration(tracer))
            let caller = tracer.startSpan("caller")
            let task = try await ServiceContext.withValue(caller.context) {
                try await runner.process(2, by: dag, id: "t-1")
            }
            #expect(try await task.result() == 1)
            await runner.close()
            try await storage.close()

            let spans = tracer.finishedSpans
            let flow = try #require(spans.first { $0.operationName == "traced" })
            #expect(flow.spanContext.parentSpanID == caller.spanContext.spanID)
            #expect(Self.attribute("wal.task", of: flow) == .string("t-1"))
            #expect(spans.allSatisfy { $0.spanContext.traceID == caller.spanContext.traceID })
            let steps = spans.filter { $0.spanContext.parentSpanID == flow.spanContext.spanID }
            #expect(steps.map(\.operationName).sorted() == ["each/step", "each/step", "each/step", "sum"])
            let failed = steps.filter { !$0.errors.isEmpty }
            #expect(failed.count == 1 && failed.first?.status?.code == .error)
            #expect(failed.first.flatMap { Self.attribute("wal.path", of: $0) } == .string("each[1]/step"))
            let calls = spans.filter { $0.operationName == "call" }
            #expect(calls.count == 2)
            for call in calls { #expect(steps.contains { $0.spanContext.spanID == call.spanContext.parentSpanID }) }
            #expect(tracer.activeSpans.map(\.operationName) == ["caller"])
        }

        @Test func aFailedTaskIsASpanWithItsError() async throws {
            let directory = TemporaryDirectory()
            let tracer = Self.tracer("one")
            let storage = try await openStorage(directory)
            let dag = DAG(name: "Traced", key: "traced", of: Int.self) { dag, input in
                dag.addNode("step", after: input) { _, value in
                    guard value > 0 else { throw PermanentError("no") }
                    return value
                }
            }
            let runner = try await FlowRunner(
                storage: storage, dags: [dag], configuration: Self.configuration(tracer))
            await #expect(throws: FlowError.self) { try await runner.process(0, by: dag).result() }
            await runner.close()
            try await storage.close()
            let flow = try #require(tracer.finishedSpans.first { $0.operationName == "traced" })
            #expect(flow.status?.code == .error && flow.errors.count == 1)
            #expect(tracer.activeSpans.isEmpty)
        }

        @Test func closingEndsTheSpansOfTasksThatWait() async throws {
            let directory = TemporaryDirectory()
            let tracer = Self.tracer("one")
            let storage = try await openStorage(directory)
            let dag = DAG(name: "Traced", key: "traced", of: Int.self) { dag, input in
                dag.addWait("answer", after: input, for: Int.self)
            }
            let runner = try await FlowRunner(
                storage: storage, dags: [dag], configuration: Self.configuration(tracer))
            _ = try await runner.process(1, by: dag)
            #expect(tracer.activeSpans.count == 1)
            await runner.close()
            try await storage.close()
            #expect(tracer.activeSpans.isEmpty && tracer.finishedSpans.first?.errors.isEmpty == true)
        }

        private static func blocked(_ isBlocked: Bool, _ reached: @escaping @Sendable () -> Void = {}) -> DAG<Int, Int>
        {
            DAG(name: "Traced", key: "traced", of: Int.self) { dag, input in
                let first = dag.addNode("first", after: input) { _, value in value }
                return dag.addNode("second", after: first) { _, value in
                    reached()
                    if isBlocked { try await Task.sleep(for: .seconds(86_400)) }
                    return value
                }
            }
        }

        /// A step that runs again after `kill -9` belongs to the trace of the process that began its task.
        @Test func aTraceContinuesAfterAKill() async throws {
            let directory = TemporaryDirectory()
            let path = directory.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let storage = try await BufferedTaskStorage.memory(log: path)
                let dag = TracingTests.blocked(true) { kill(getpid(), SIGKILL) }
                let runner = try await FlowRunner(
                    storage: storage, dags: [dag],
                    configuration: TracingTests.configuration(TracingTests.tracer("the killed")))
                _ = try await runner.process(7, by: dag, id: "t-1").result()
            }
            let tracer = Self.tracer("the next")
            let storage = try await openStorage(directory)
            let runner = try await FlowRunner(
                storage: storage, dags: [Self.blocked(false)], configuration: Self.configuration(tracer))
            try await eventually { runner.liveTasks.isEmpty }
            await runner.close()
            try await storage.close()
            let spans = tracer.finishedSpans
            #expect(spans.map(\.operationName).sorted() == ["second", "traced"])
            #expect(spans.allSatisfy { $0.spanContext.traceID == "trace of the killed" })
            let flow = try #require(spans.first { $0.operationName == "traced" })
            #expect(flow.spanContext.parentSpanID == "the killed 1")
            #expect(spans.first { $0.operationName == "second" }?.spanContext.parentSpanID == flow.spanContext.spanID)
        }
    }
#endif
