internal import Baking
internal import Foundation
internal import Transformer

/// `trainer.safetensors` beside a checkpoint's adapter: the optimiser's moments and how many steps
/// it took. What is drawn at random follows from the seed and the step, so there is no more to keep.
struct TrainerFile {
    let directory: URL

    private var path: String { directory.appending(path: "trainer.safetensors").path }
    private static let stepName = "step"

    func save(_ optimizer: AdamW) throws {
        var writer = SafetensorsWriter()
        writer.add(Self.stepName, shape: [1], integers: [Int32(optimizer.stepCount)])
        for (kind, moments) in Self.moments(optimizer) {
            for entry in moments.entries {
                writer.add(
                    "\(kind).\(entry.name)", shape: entry.shape,
                    floats: Array(moments[entry.name]), as: .f32)
            }
        }
        try writer.write(to: path)
    }

    func restore(_ optimizer: AdamW) throws {
        let file = try SafetensorsFile(path: path)
        for (kind, moments) in Self.moments(optimizer) {
            for entry in moments.entries {
                let numbers = try file.tensor("\(kind).\(entry.name)", shape: entry.shape).floats()
                guard numbers.allSatisfy(\.isFinite) else {
                    throw BackendError.checkpoint(
                        path: path, why: "tensor \(kind).\(entry.name) is not finite")
                }
                _ = moments[entry.name].update(from: numbers)
            }
        }
        guard let step = try file.integers(Self.stepName).first, step >= 0 else {
            throw BackendError.checkpoint(path: path, why: "has no step")
        }
        optimizer.resume(stepCount: Int(step))
    }

    private static func moments(_ optimizer: AdamW) -> [(String, ParameterSet)] {
        [("first", optimizer.firstMoments), ("second", optimizer.secondMoments)]
    }
}
