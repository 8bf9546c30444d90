#if Tracing
    internal import Tracing
    internal import WAL
#endif

/// The spans of tasks, which contain the spans of their steps' attempts. Without the trait `Tracing`, there are no
/// spans.
struct FlowTracing: Sendable {
    #if Tracing
        private let tracer: any Tracer

        init(_ configuration: FlowConfiguration) {
            tracer = configuration.tracer ?? InstrumentationSystem.tracer
        }

        /// Begins the span of a task in the trace of its caller. After a restart, the span is in the trace that the
        /// journal has.
        func begin(_ task: String, of dag: String, in trace: [String: String] = [:]) -> FlowSpan? {
            var context = ServiceContext.current ?? .topLevel
            if !trace.isEmpty { tracer.extract(trace, into: &context, using: TraceFields()) }
            let span = tracer.startAnySpan(dag, context: context, ofKind: .internal)
            span.attributes["wal.task"] = task
            var fields: [String: String] = [:]
            tracer.inject(span.context, into: &fields, using: TraceFields())
            return FlowSpan(span, fields)
        }

        /// Runs an attempt of a step within a span.
        func run(
            _ running: RunningStep, _ body: () async -> Result<any Sendable, any Error>
        ) async -> Result<any Sendable, any Error> {
            guard let parent = running.task.state.withLock({ $0.span }) else { return await body() }
            let span = tracer.startAnySpan(running.place.pattern, context: parent.span.context, ofKind: .internal)
            span.attributes["wal.task"] = running.task.id
            span.attributes["wal.path"] = running.place.path
            span.attributes["wal.attempt"] = Int(running.attempt)
            let result = await ServiceContext.withValue(span.context) { await body() }
            if case .failure(let error) = result { span.fail(error) }
            span.end()
            return result
        }
    #else
        init(_ configuration: FlowConfiguration) {}

        func begin(_ task: String, of dag: String, in trace: [String: String] = [:]) -> FlowSpan? { nil }

        func run(
            _ running: RunningStep, _ body: () async -> Result<any Sendable, any Error>
        ) async -> Result<any Sendable, any Error> {
            await body()
        }
    #endif
}

#if Tracing
    /// The span of a task in this process.
    final class FlowSpan: Sendable {
        /// The largest size of the fields in bytes. The headers of a tracer are smaller. The record must fit into a
        /// segment together with the task's input.
        private static let sizeMax = 16 << 10

        fileprivate let span: any Span
        /// The fields that continue the trace after a restart.
        let trace: [String: String]

        fileprivate init(_ span: any Span, _ fields: [String: String]) {
            self.span = span
            let size = fields.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
            trace = size <= Self.sizeMax ? fields : [:]
        }

        func end(_ error: (any Error)?) {
            if let error { span.fail(error) }
            span.end()
        }
    }

    extension Span {
        fileprivate func fail(_ error: any Error) {
            recordError(error)
            setStatus(SpanStatus(code: .error, message: "\(error)"))
        }
    }

    /// The fields of a trace, in the form that a tracer writes and reads.
    private struct TraceFields: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into fields: inout [String: String]) { fields[key] = value }

        func extract(key: String, from fields: [String: String]) -> String? { fields[key] }
    }
#else
    /// The span of a task. `FlowTracing` never makes one.
    struct FlowSpan: Sendable {
        let trace: [String: String]

        func end(_ error: (any Error)?) {}
    }
#endif
