import Baking
import Foundation

/// Runs the packaged PyTorch script and reads its figures.
struct TorchBaseline {
    let python: String
    let script: URL
    let shape: BenchShape
    /// nil for its own choice.
    let threads: Int?

    /// Why there is no peer to compare with.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case cannotStart(python: String, why: String)
        case ended(code: Int32)

        var description: String {
            switch self {
            case .cannotStart(let python, let why): "cannot start \(python): \(why)"
            case .ended(let code):
                "the baseline ended with code \(code); it needs torch, transformers and peft"
            }
        }
    }

    /// A line of the script.
    private struct Line: Decodable {
        var figure: String
        var batch: Int?
        var median: Double?
        var tokens: Int?
        var prompt: Int?
    }

    /// The stronger of bf16 with bf16 adapters and fp32, per figure.
    func figures(_ wanted: Set<BenchFigure>) throws -> [BenchFigure: Double] {
        var best: [BenchFigure: Double] = [:]
        for dtype in [["fp32"], ["bf16", "--adapter", "base"]] {
            for part in parts(wanted) {
                for (figure, value) in try run(["--dtype"] + dtype + ["--what", part]) {
                    guard let other = best[figure] else {
                        best[figure] = value
                        continue
                    }
                    best[figure] = figure.better == .higher ? max(other, value) : min(other, value)
                }
            }
        }
        return best
    }

    private func parts(_ wanted: Set<BenchFigure>) -> [String] {
        let decoding: Set<BenchFigure> = [.decode1, .decode16, .decode64, .prefill]
        return (wanted.isDisjoint(with: decoding) ? [] : ["decode"])
            + (wanted.contains(.teacher) ? ["teacher"] : [])
            + (wanted.contains(.step) ? ["step"] : [])
    }

    private func run(_ arguments: [String]) throws -> [(BenchFigure, Double)] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            [python, script.path, "--size", shape.rawValue, "--decode-batches", "1,16,64"]
            + (threads.map { ["--threads", "\($0)"] } ?? []) + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        do {
            try process.run()
        } catch {
            throw Failure.cannotStart(
                python: python, why: (error as NSError).localizedDescription)
        }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure.ended(code: process.terminationStatus)
        }
        return Self.figures(in: String(decoding: output, as: UTF8.self))
    }

    /// The figures in the script's lines; lines about other things are left out.
    static func figures(in output: String) -> [(BenchFigure, Double)] {
        output.split(separator: "\n").compactMap { line in
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let median = line.median
            else { return nil }
            switch (line.figure, line.batch) {
            case ("decode", 1): return (.decode1, median)
            case ("decode", 16): return (.decode16, median)
            case ("decode", 64): return (.decode64, median)
            // Seconds for a prompt; ours is in tokens a second.
            case ("prefill", 1): return line.prompt.map { (.prefill, Double($0) / median) }
            case ("teacher", _), ("teacher_prefix", _): return (.teacher, median)
            case ("step", _): return (.step, median)
            default: return nil
            }
        }
    }
}
