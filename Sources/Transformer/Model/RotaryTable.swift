import Foundation

/// Cosines and sines of the rotary position embedding, `[positions, Dh/2]`.
///
/// Angles are computed in double precision and grow with the longest sequence seen.
final class RotaryTable {
    let headSize: Int
    private(set) var positionCount = 0
    let cosines: Matrix
    let sines: Matrix
    private let frequencies: [Double]

    init(_ configuration: ModelConfiguration) {
        headSize = configuration.headSize
        cosines = Matrix(rowCount: 0, columnCount: headSize / 2)
        sines = Matrix(rowCount: 0, columnCount: headSize / 2)
        frequencies = (0..<configuration.headSize / 2).map { index in
            let exponent = Double(2 * index) / Double(configuration.headSize)
            let frequency = 1 / pow(configuration.ropeTheta, exponent)
            return configuration.ropeScaling?.scaled(frequency) ?? frequency
        }
    }

    /// Makes sure that positions below `count` are there.
    func reserve(_ count: Int) {
        guard count > positionCount else { return }
        let wanted = max(count, 2 * positionCount, 256)
        cosines.resize(rowCount: wanted)
        sines.resize(rowCount: wanted)
        for position in 0..<wanted {
            let cosine = cosines[position]
            let sine = sines[position]
            for (index, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                cosine[index] = Float(cos(angle))
                sine[index] = Float(sin(angle))
            }
        }
        positionCount = wanted
    }
}

extension ModelConfiguration.RopeScaling {
    /// Llama 3: long wavelengths are stretched by the factor, short ones left alone, and those
    /// between are interpolated.
    func scaled(_ frequency: Double) -> Double {
        let turns = Double(originalPositionCount) * frequency / (2 * Double.pi)
        if turns < lowFrequencyFactor { return frequency / factor }
        if turns > highFrequencyFactor { return frequency }
        let share = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
        return (1 - share) * frequency / factor + share * frequency
    }
}
