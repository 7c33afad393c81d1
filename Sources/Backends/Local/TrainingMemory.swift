internal import Baking
internal import Foundation
internal import Transformer

/// What a step of training holds in memory.
struct TrainingMemory {
    /// Bytes of the machine.
    let available: Int
    /// Packed weights, and the logits of one chunk.
    let modelByteCount: Int
    /// An adapter's numbers, gradient and two moments in float32.
    let adapterByteCount: Int
    /// Between a token's forward and backward pass, where all is held and where layers run again.
    let tokenByteCount: Int
    let keptByteCount: Int
    /// Tokens that half of the memory holds.
    let heldTokenCount: Int
    /// Most tokens that go through the model together; an example alone may be longer.
    let partTokenCount: Int

    init(_ decoder: Transformer.Decoder, rank: Int, targets: [String], available: Int) {
        let configuration = decoder.configuration
        self.available = available
        modelByteCount =
            decoder.weightByteCount
            + 4 * Transformer.Decoder.chunkRowCount * configuration.vocabularySize
        adapterByteCount = targets.compactMap { AdapterTarget(rawValue: $0) }.reduce(0) {
            sum, target in
            let shape = configuration.shape(of: target)
            let count = target == .unembedding ? 1 : configuration.layerCount
            return sum + 16 * count * rank * (shape[0] + shape[1])
        }
        tokenByteCount = decoder.savedByteCount
        keptByteCount = decoder.keptByteCount
        heldTokenCount = available / 2 / decoder.savedByteCount
        partTokenCount = decoder.partTokenCount(memoryByteCount: available)
    }

    /// The most that is held while a batch of so many tokens goes through.
    ///
    /// - Parameter longest: Tokens of its longest example.
    func peakByteCount(tokenCount: Int, longest: Int) -> Int {
        modelByteCount + adapterByteCount
            + byteCount(of: max(longest, min(tokenCount, partTokenCount)))
    }

    /// Of the activations of so many tokens.
    private func byteCount(of tokenCount: Int) -> Int {
        tokenCount * (tokenCount > heldTokenCount ? keptByteCount : tokenByteCount)
    }

    /// Refuses what cannot fit.
    ///
    /// - Parameter longest: Tokens of the longest example; 0 when none is known yet.
    func require(longest: Int) throws {
        guard peakByteCount(tokenCount: longest, longest: longest) > available else { return }
        let example =
            longest > 0 ? ", an example of \(longest) tokens \(text(byteCount(of: longest)))" : ""
        throw BackendError.refused(
            what:
                "training needs \(text(peakByteCount(tokenCount: longest, longest: longest))) and the "
                + "machine has \(text(available)): the model takes \(text(modelByteCount)), the adapter "
                + "\(text(adapterByteCount))\(example)",
            remedy: longest > 0
                ? "choose fewer max-response-tokens or a smaller rank, or train on a service"
                : "choose a smaller rank or model, or train on a service (model: tinker:NAME)")
    }

    private func text(_ byteCount: Int) -> String {
        byteCount >= 1 << 30
            ? String(format: "%.1f GiB", Double(byteCount) / Double(1 << 30))
            : "\(byteCount >> 20) MiB"
    }
}
