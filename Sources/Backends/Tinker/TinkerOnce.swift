/// A value that is made when it is first needed; a failure is not kept.
actor TinkerOnce<Value: Sendable> {
    private var task: Task<Value, any Error>?
    private var made: Value?

    /// nil until it has been made.
    var value: Value? { made }

    func value(
        _ make: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            try Task.checkCancellation()
            if let made { return made }
            let task = task ?? Task { try await make() }
            self.task = task
            do {
                let value = try await withTaskCancellationHandler {
                    try await task.value
                } onCancel: {
                    task.cancel()
                }
                made = value
                self.task = nil
                return value
            } catch {
                if self.task == task { self.task = nil }
                // Somebody else who waited was cancelled, and the work with them: begin again.
                if error is CancellationError, !Task.isCancelled { continue }
                throw error
            }
        }
    }
}
