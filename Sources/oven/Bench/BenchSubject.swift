import Baking
import Foundation
import Transformer

/// What is measured: a model from files, or random weights of a shape.
struct BenchSubject {
    /// As the rows name it.
    var name: String
    var settings: Settings
    /// nil for a model from files.
    var shape: BenchShape?

    /// The values of `runs` runs; nil for figures that this version cannot measure.
    func values(of figure: BenchFigure, runs: Int) async throws -> [Double]? {
        switch figure {
        case .tokenizerLoad:
            let directory = try modelDirectory()
            return try repeated(runs) {
                try seconds { _ = try TokenizerFile(directory: directory) }
            }
        case .tokenize:
            let tokenizer = try TokenizerFile(directory: try modelDirectory()).tokenizer
            let text = try Self.sampleText(settings)
            return try repeated(runs) {
                let time = try seconds {
                    _ = tokenizer.encode(text, special: .text, addSpecial: false)
                }
                return Double(text.utf8.count) / 1e6 / time
            }
        default: return nil
        }
    }

    private func modelDirectory() throws -> URL {
        guard case .directory(let directory) = try settings.modelLocation() else {
            throw UsageError("bench needs a local model")
        }
        return directory
    }

    /// Half a megabyte of prose, from the built-in queries.
    private static func sampleText(_ settings: Settings) throws -> String {
        let queries = try Resources(settings.surroundings).url(of: .queries)
        let text = try String(contentsOf: queries, encoding: .utf8)
        return String(repeating: text, count: 1 + 500_000 / max(1, text.utf8.count))
    }

    private func repeated(_ runs: Int, _ measure: () throws -> Double) throws -> [Double] {
        // The first run warms caches and is not counted.
        _ = try measure()
        return try (0..<runs).map { _ in
            try Task.checkCancellation()
            return try measure()
        }
    }

    private func seconds(_ work: () throws -> Void) throws -> Double {
        let clock = ContinuousClock()
        let time = try clock.measure(work)
        return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    }
}
