internal import Foundation

/// Samplers of the base model and of saved weights, each made once.
actor TinkerSamplers {
    private let context: TinkerContext
    private var making: [TinkerSamplerSource: Task<any TinkerSampler, any Error>] = [:]

    init(_ context: TinkerContext) { self.context = context }

    func base() async throws -> any TinkerSampler {
        try await sampler(.base(context.remoteName))
    }

    /// Of the sampler weights that the checkpoint in `directory` names.
    func checkpoint(_ directory: URL) async throws -> any TinkerSampler {
        try await sampler(.path(try context.checkpoint(in: directory).samplerPath))
    }

    private func sampler(_ source: TinkerSamplerSource) async throws -> any TinkerSampler {
        let task =
            making[source]
            ?? Task { [service = context.service] in
                try await service.makeSampler(source)
            }
        making[source] = task
        do {
            return try await task.value
        } catch {
            // Another time it may work.
            if making[source] == task { making[source] = nil }
            throw error
        }
    }
}
