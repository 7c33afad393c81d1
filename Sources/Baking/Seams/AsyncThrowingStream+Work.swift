extension AsyncThrowingStream where Element: Sendable, Failure == any Error {
    /// A stream of what `work` emits; ends with it, and ending the stream cancels it.
    package init(
        _ work: @escaping @Sendable (@escaping @Sendable (Element) -> Void) async throws -> Void
    ) {
        self.init { continuation in
            let task = Task {
                do {
                    try await work { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
