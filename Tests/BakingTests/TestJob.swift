import Baking
import Foundation
import TestSupport

/// A small bake: eight training rows with follow-ups, two dev rows, three test rows.
enum TestJob {
    static func queries() throws -> QuerySet {
        QuerySet(
            checks: [
                try Check(name: "letter", rule: .regex("a")),
                try Check(name: "word", rule: .any(["never so"])),
            ],
            train: [
                Query(group: "One", turns: ["How is bread baked?"]),
                Query(group: "One", turns: ["Name a soup.", "And how is it made?"]),
                Query(group: "Two", turns: ["Why is the sky blue?"]),
            ],
            dev: [
                Query(group: "One", turns: ["What goes with rice?"]),
                Query(group: "Two", turns: ["How far is the moon?"]),
            ],
            test: [
                Query(group: "One", turns: ["Which spices are hot?", "And which are mild?"]),
                Query(group: "Two", turns: ["What do cats eat?"]),
            ])
    }

    static func configuration() -> BakeConfiguration {
        var configuration = BakeConfiguration()
        configuration.temperatures = [0.5, 1]
        configuration.batchSize = 3
        configuration.epochs = 3
        configuration.evaluateEvery = 2
        configuration.checkpointEvery = 2
        configuration.keepCheckpoints = 2
        configuration.topK = 4
        configuration.maximumResponseTokens = 64
        configuration.learningRate = 1e-3
        return configuration
    }

    static func job(
        in store: RunStore, name: String? = nil, backend: FakeBackend = FakeBackend()
    ) throws -> BakeJob {
        BakeJob(
            prompt: try Prompt(text: "You are a pirate."), queries: try queries(),
            configuration: configuration(), store: store, backend: backend, runName: name)
    }
}

extension AsyncSequence {
    /// Everything it yields.
    func collected() async throws -> [Element] {
        var elements: [Element] = []
        for try await element in self { elements.append(element) }
        return elements
    }
}
