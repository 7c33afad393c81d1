import Baking
import Foundation
import TestSupport
import Testing
import Transformer

@testable import Backends

@Suite struct BakeTests {
    private static let queries = """
        groups:
          - name: Small
            train:
              - "What is gravity?"
              - ["What is a volcano?", "Tell me more."]
              - "Hello!"
              - "Who are you?"
              - "How do I bake bread?"
              - "Tell me a joke."
            dev: ["What is an atom?"]
            test: ["What is lightning?", "How do I sleep better?"]
        """

    @Test func `a real bake closes most of the gap, and again gives the same bytes`() async throws {
        let directory = try TemporaryDirectory()
        let queries = try QuerySet.load(file: directory.file("queries.yaml", Self.queries)).queries
        var configuration = BakeConfiguration()
        configuration.learningRate = 3e-3
        configuration.rank = 8
        configuration.epochs = 6
        configuration.evaluateEvery = 4
        configuration.checkpointEvery = 4

        var digests: [[UInt8]] = []
        for (name, threads) in [("one", 1), ("two", 2)] {
            let backend = try LocalBackend(
                directory: LocalBackendTests.starter, name: "starter", precision: .bfloat16,
                threads: threads)
            let job = BakeJob(
                prompt: try Prompt(text: "You are a polite butler."),
                queries: queries, configuration: configuration,
                store: RunStore(directory: directory.url.appending(path: "runs")),
                backend: backend, runName: name)
            var gap: Double?
            for try await event in job.events() {
                if case .runFinished(let end) = event.kind { gap = end.gapClosed }
            }
            #expect(try #require(gap) > 0.6)
            let checkpoints = directory.url.appending(path: "runs/\(name)/checkpoints")
            let last = try #require(
                try FileManager.default.contentsOfDirectory(atPath: checkpoints.path).max())
            digests.append(
                [UInt8](
                    try Data(
                        contentsOf: checkpoints.appending(
                            path: "\(last)/adapter_model.safetensors"))))
        }
        #expect(digests[0] == digests[1])
    }
}
