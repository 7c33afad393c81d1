import Baking
import Foundation
import Transformer

/// What is measured: this machine, and a model from files or with random weights.
final class BenchSubject {
    /// Why there is no such figure here.
    struct Unmeasurable: Error, CustomStringConvertible {
        var description: String
    }

    let settings: Settings
    /// nil for a model from files.
    let shape: BenchShape?
    /// nil for 5, or 3 where they take long.
    let repeats: Int?
    let pool: ThreadPool
    var loaded: Transformer.Decoder?

    init(settings: Settings, shape: BenchShape?, repeats: Int?) {
        self.settings = settings
        self.shape = shape
        self.repeats = repeats
        pool = ThreadPool(
            threads: settings.threads ?? ProcessInfo.processInfo.activeProcessorCount)
    }

    /// As the rows name it.
    var name: String { shape?.rawValue ?? settings.text(.model) }

    /// The model, loaded when first asked for.
    var decoder: Transformer.Decoder {
        get throws {
            if let loaded { return loaded }
            let decoder = try makeDecoder()
            let size = decoder.configuration.vocabularySize
            guard size >= 20 else {
                throw Unmeasurable(
                    description: "a vocabulary of \(size) has no 20 likeliest tokens")
            }
            loaded = decoder
            return decoder
        }
    }

    /// - Throws: ``Unmeasurable``, or the error of a model's files.
    func measurement(
        of figure: BenchFigure, console: Console
    ) async throws -> BenchMeasurement {
        switch figure {
        case .peakBF16: try peak(.bfloat16)
        case .peakFP32: try peak(.float32)
        case .bandwidth:
            BenchMeasurement(values: try runs { try bandwidth() / 1e9 })
        case .load: try load()
        case .tokenizerLoad: try tokenizerLoad()
        case .tokenize: try tokenize()
        case .prefill: try prefill()
        case .decode1: try decode(1)
        case .decode16: try decode(16)
        case .decode64: try decode(64)
        case .teacher: try teacher()
        case .step: try step()
        case .bake: try await bake(console)
        case .uiStart: try await workbenchStart()
        case .uiKey: try await workbenchKey()
        case .uiKeyBaking: try await workbenchKeyBaking()
        case .uiIdle: try await workbenchIdle()
        case .uiBusy: try await workbenchBusy()
        case .uiMemory: try await workbenchMemory()
        case .uiBytes: try await workbenchBytes()
        case .uiBake: try await workbenchBake()
        }
    }

    // MARK: The machine

    private func peak(_ type: NumberType) throws -> BenchMeasurement {
        guard pool.measuredPeak(type, seconds: 0.1) != nil else {
            throw Unmeasurable(
                description: "the \(pool.tier) kernels have no products of bfloat16")
        }
        return BenchMeasurement(
            values: try runs { (pool.measuredPeak(type, seconds: 0.2) ?? 0) / 1e9 })
    }

    /// Bytes per second.
    private func bandwidth() throws -> Double {
        // Several times the last cache of most machines.
        let rate = pool.measuredReadBandwidth(byteCount: 512 << 20)
        guard rate > 0 else {
            throw Unmeasurable(description: "there are no 512 MiB of memory to read")
        }
        return rate
    }

    // MARK: Files

    private func load() throws -> BenchMeasurement {
        _ = try modelDirectory()
        return BenchMeasurement(values: try runs { try seconds { _ = try makeDecoder() } })
    }

    private func tokenizerLoad() throws -> BenchMeasurement {
        let directory = try modelDirectory()
        return BenchMeasurement(
            values: try runs { try seconds { _ = try TokenizerFile(directory: directory) } })
    }

    private func tokenize() throws -> BenchMeasurement {
        let tokenizer = try TokenizerFile(directory: try modelDirectory()).tokenizer
        let queries = try String(
            contentsOf: try Resources(settings.surroundings).url(of: .queries), encoding: .utf8)
        // Half a megabyte of prose.
        let text = String(repeating: queries, count: 1 + 500_000 / max(1, queries.utf8.count))
        return BenchMeasurement(
            values: try runs {
                let time = seconds {
                    _ = tokenizer.encode(text, special: .text, addSpecial: false)
                }
                return Double(text.utf8.count) / 1e6 / time
            })
    }

    func modelDirectory() throws -> URL {
        guard shape == nil else {
            throw Unmeasurable(description: "random weights have no files; choose a --model")
        }
        guard case .directory(let directory) = try settings.modelLocation() else {
            throw UsageError("bench needs a local model, not \(settings.text(.model))")
        }
        return directory
    }

    private func makeDecoder() throws -> Transformer.Decoder {
        let precision = settings.precision
        guard let shape else {
            return try Transformer.Decoder(
                ModelFiles(path: modelDirectory().path), precision: precision, pool: pool)
        }
        let configuration = shape.configuration
        return try Transformer.Decoder(
            configuration, precision: precision, pool: pool,
            weight: RandomWeights(configuration, seed: 0).weight)
    }

    // MARK: Runs

    /// The results of runs, after one that warms caches and is not counted.
    func runs(_ run: () throws -> Double) throws -> [Double] {
        _ = try run()
        ProcessMemory.forgetPeak()
        let start = ContinuousClock.now
        var results: [Double] = []
        while results.count < repeats ?? 5 {
            let isLong = ContinuousClock.now - start > .seconds(3)
            if repeats == nil, results.count >= 3, isLong { break }
            try Task.checkCancellation()
            results.append(try run())
        }
        return results
    }

    func seconds(_ work: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(work) / .seconds(1)
    }

    /// What holds `work` back on this machine, and the time it takes at least.
    func floor(of work: BenchWork) throws -> (kind: BenchRow.Limit.Kind, seconds: Double) {
        let isPrecise = settings.flag(.precise)
        let rounded = isPrecise ? nil : pool.measuredPeak(.bfloat16, seconds: 0.2)
        guard let peak = rounded ?? pool.measuredPeak(.float32, seconds: 0.2) else {
            return (.none, 0)
        }
        let compute = work.operations / peak
        let reading = work.byteCount > 0 ? work.byteCount / (try bandwidth()) : 0
        return compute >= reading ? (.compute, compute) : (.bandwidth, reading)
    }
}
