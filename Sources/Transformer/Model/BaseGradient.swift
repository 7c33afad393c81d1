/// The gradients of all base weights.
///
/// With tied embeddings the two uses of the table add up apart from each other until
/// ``combine()``, so that cutting a batch does not change the order of the sum.
package final class BaseGradient {
    /// Named and shaped as ``BaseWeights/parameters``.
    package let parameters: ParameterSet
    private let embedding: Matrix?
    private let hasBias: Bool

    init(_ configuration: ModelConfiguration) {
        parameters = ParameterSet(BaseWeights.shapes(configuration))
        hasBias = configuration.attentionBias
        embedding =
            configuration.tied
            ? Matrix(
                rowCount: configuration.vocabularySize, columnCount: configuration.hiddenSize)
            : nil
    }

    /// The tensors of these targets below one another; nil for a bias that is not there.
    func rows(_ layer: Int, _ targets: [AdapterTarget], _ suffix: String) -> Rows? {
        guard suffix == "weight" || hasBias else { return nil }
        let names = targets.map { $0.moduleName(layer: layer) + "." + suffix }
        return parameters.rows(from: names[0], through: names[names.count - 1])
    }

    /// Of the matrix that makes the logits.
    var unembedding: Rows {
        parameters.rows(from: embedding == nil ? "lm_head.weight" : BaseWeights.embeddingName)
    }

    func addEmbedding(dy: Rows, ids: [Int32], pool: ThreadPool) {
        let table = embedding?.rows ?? parameters.rows(from: BaseWeights.embeddingName)
        Kernels.embeddingBackward(dTable: table, dy: dy, ids: ids, pool: pool)
    }

    /// Adds the embedding's share to that of the unembedding, once all sequences are through.
    func combine() {
        guard let embedding else { return }
        let table = parameters[BaseWeights.embeddingName]
        for (index, number) in embedding.numbers.enumerated() { table[index] += number }
        embedding.clear()
    }

    /// Makes everything zero.
    package func clear() {
        parameters.clear()
        embedding?.clear()
    }
}
