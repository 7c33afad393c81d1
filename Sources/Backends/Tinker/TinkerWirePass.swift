import Foundation
import Transformer

/// A pass in the JSON dialect.
extension TinkerWire {
    struct Tensor<Value: Encodable>: Encodable {
        var data: [Value]
        var dtype: String
        var shape: [Int]
    }

    struct Datum: Encodable {
        struct Inputs: Encodable {
            var targetTokens: Tensor<Int32>
            var weights: Tensor<Float>
        }

        var modelInput: Prompt
        var lossFnInputs: Inputs

        init(_ datum: TinkerDatum) {
            let shape = datum.shape
            modelInput = Prompt(chunks: [Chunk(tokens: datum.tokens.map(\.rawValue))])
            lossFnInputs = Inputs(
                targetTokens: Tensor(
                    data: datum.targets.map(\.rawValue), dtype: "int64", shape: shape),
                weights: Tensor(data: datum.weights, dtype: "float32", shape: shape))
        }
    }

    struct PassInput: Encodable {
        var data: [Datum]
        var lossFn = "cross_entropy"
    }

    struct Pass: Encodable {
        var forwardInput: PassInput?
        var forwardBackwardInput: PassInput?
        var modelId: String
        var seqId: Int
    }

    static func pass(
        _ data: [TinkerDatum], model: String, number: Int, isTraining: Bool
    ) throws(TinkerWireError) -> Data {
        let input = PassInput(data: data.map(Datum.init))
        return try body(
            Pass(
                forwardInput: isTraining ? nil : input,
                forwardBackwardInput: isTraining ? input : nil, modelId: model, seqId: number))
    }

    /// The result of a pass.
    static func output(_ data: Data) throws(TinkerWireError) -> TinkerPassOutput {
        struct Output: Decodable {
            struct Tensor: Decodable {
                var data: [Double?]
                var shape: Maybe<[Int]>?
            }

            struct Outputs: Decodable {
                var logprobs: Tensor?
            }

            var lossFnOutputs: [Outputs]
            var metrics: Maybe<[String: Maybe<Double>]>?
        }
        let answer = try answer(Output.self, from: data)
        var output = TinkerPassOutput()
        output.metrics = metrics(answer.metrics)
        for outputs in answer.lossFnOutputs {
            guard let tensor = outputs.logprobs else {
                throw TinkerWireError("an output has no logprobs")
            }
            output.logprobs.append(
                TinkerPassOutput.Tensor(
                    values: tensor.data.map { $0.map { Float($0) } ?? .nan },
                    shape: tensor.shape?.value))
        }
        return output
    }

    static func metrics(_ metrics: Maybe<[String: Maybe<Double>]>?) -> [String: Double] {
        (metrics?.value ?? [:]).compactMapValues(\.value)
    }
}

extension TinkerDatum {
    /// `[N]` or `[N, K]`.
    var shape: [Int] { columnCount.map { [tokens.count, $0] } ?? [tokens.count] }

    /// Bytes as servers count them for the size of a request: 4 per token and the raw tensors.
    var byteCount: Int { 4 * tokens.count + 12 * targets.count }
}

/// A pass's result as it came, before it is held against what was asked.
struct TinkerPassOutput: Hashable {
    struct Tensor: Hashable {
        var values: [Float]
        /// nil when the server does not say.
        var shape: [Int]?
    }

    var logprobs: [Tensor] = []
    var metrics: [String: Double] = [:]

    /// What belongs to `data`, with every count checked: a result that lost or gained a value means that
    /// the server trained on something else.
    func checked(against data: ArraySlice<TinkerDatum>) throws(TinkerWireError) -> TinkerPassResult
    {
        guard logprobs.count == data.count else {
            throw TinkerWireError("\(logprobs.count) outputs for \(data.count) data")
        }
        for (index, (tensor, datum)) in zip(logprobs, data).enumerated() {
            let shape = datum.shape
            let isFlat = tensor.shape == nil || tensor.shape == [datum.targets.count]
            let isColumn = shape.count == 1 && tensor.shape == shape + [1]
            guard tensor.values.count == datum.targets.count,
                isFlat || isColumn || tensor.shape == shape
            else {
                let came = tensor.shape ?? [tensor.values.count]
                throw TinkerWireError(
                    "datum \(index) has targets of shape \(shape), its log-probabilities \(came) "
                        + "with \(tensor.values.count) values")
            }
        }
        return TinkerPassResult(logprobs: logprobs.map(\.values), metrics: metrics)
    }
}
