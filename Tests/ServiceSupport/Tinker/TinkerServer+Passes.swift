internal import Backends
internal import FlyingFox
import Foundation
internal import Transformer

extension TinkerServer {
    /// What a pass is asked for, in either dialect.
    private struct PassRequest {
        var model: String
        var seq: Int
        var loss: String
        var isTraining: Bool
        var data: [Sequence]
    }

    /// One datum before its shapes are known to fit.
    private struct Sequence {
        var tokens: [Int]
        var tensors: [String: Tensor]
    }

    private struct Tensor {
        var isInteger: Bool
        var shape: [Int]
        var integers: [Int] = []
        var floats: [Float] = []

        var count: Int { isInteger ? integers.count : floats.count }
    }

    func submitPass(
        _ request: FlyingFox.HTTPRequest, endpoint: String, _ body: Data
    ) throws(TinkerServerRefusal) -> Reply {
        let pass: PassRequest
        switch (mediaType(request), options.dialects) {
        case ("application/json", .protobuf) where endpoint == "forward":
            throw .missing(endpoint)
        case ("application/json", .protobuf):
            throw TinkerServerRefusal(
                status: 415,
                detail: "Unsupported Content-Type 'application/json'; expected "
                    + "application/x-protobuf")
        case ("application/json", _): pass = try Self.readJSON(body, endpoint)
        case (_, .json):
            var reply = Reply(status: 500, body: Data("Internal Server Error".utf8))
            reply.headers["Content-Type"] = "text/plain; charset=utf-8"
            return reply
        case ("application/x-protobuf", _) where endpoint == "forward_backward":
            pass = try Self.readProtobuf(body)
        default:
            throw TinkerServerRefusal(
                status: 415, detail: "Unsupported Content-Type \(mediaType(request))")
        }
        guard pass.loss == "cross_entropy" else { throw .invalid("loss_fn \(pass.loss)") }
        let data: [TinkerDatum]
        do throws(TinkerServerRefusal) {
            guard !pass.data.isEmpty else { throw .failed("no data") }
            var checked: [TinkerDatum] = []
            for sequence in pass.data { checked.append(try datum(sequence)) }
            data = checked
        } catch {
            // Accepted at first, as servers do that look at the data at its turn only; the number is
            // used up.
            return try submit(
                model: pass.model, seq: pass.seq, body, .failure(error))
        }
        return try submit(
            model: pass.model, seq: pass.seq, body, .pass(data, isTraining: pass.isTraining))
    }

    /// A datum whose lengths, types and tokens are those of the protocol.
    private func datum(_ sequence: Sequence) throws(TinkerServerRefusal) -> TinkerDatum {
        let count = sequence.tokens.count
        guard count > 0, count <= options.contextLength else { throw .failed("\(count) tokens") }
        guard Set(sequence.tensors.keys) == ["target_tokens", "weights"],
            let targets = sequence.tensors["target_tokens"],
            let weights = sequence.tensors["weights"]
        else { throw .failed("loss_fn_inputs are \(sequence.tensors.keys.sorted())") }
        guard targets.isInteger, !weights.isInteger else {
            throw .failed("target_tokens must be int64 and weights float32")
        }
        guard targets.shape == weights.shape else {
            throw .failed("shapes \(targets.shape) and \(weights.shape)")
        }
        guard (1...2).contains(targets.shape.count), targets.shape[0] == count,
            targets.shape.allSatisfy({ $0 > 0 }),
            targets.shape.reduce(1, *) == targets.count, weights.count == targets.count
        else { throw .failed("shape \(targets.shape) for \(count) tokens") }
        for token in sequence.tokens + targets.integers
        where !(0..<options.vocabularySize).contains(token) {
            throw .failed("token \(token)")
        }
        guard weights.floats.allSatisfy(\.isFinite) else { throw .failed("a weight is not finite") }
        return TinkerDatum(
            tokens: sequence.tokens.map { TokenID($0) },
            targets: targets.integers.map { TokenID($0) }, weights: weights.floats,
            columnCount: targets.shape.count == 2 ? targets.shape[1] : nil)
    }

    // MARK: JSON

    private static func readJSON(
        _ body: Data, _ endpoint: String
    ) throws(TinkerServerRefusal) -> PassRequest {
        let name = "\(endpoint)_input"
        let fields = try TinkerServerBody(
            body, required: [name: .object, "model_id": .string, "seq_id": .integer])
        let input = try TinkerServerBody(
            fields.values[name] ?? nil, name, required: ["data": .array, "loss_fn": .string],
            optional: ["loss_fn_config": .object])
        var data: [Sequence] = []
        for element in input.values["data"]?.elements ?? [] {
            let datum = try TinkerServerBody(
                element, "data", required: ["model_input": .object, "loss_fn_inputs": .object])
            var sequence = Sequence(
                tokens: try tokens(datum.values["model_input"] ?? nil), tensors: [:])
            guard case .object(let tensors) = datum.values["loss_fn_inputs"] else { continue }
            for (name, value) in tensors { sequence.tensors[name] = try tensor(name, value) }
            data.append(sequence)
        }
        return PassRequest(
            model: fields.string("model_id"), seq: fields.integer("seq_id"),
            loss: input.string("loss_fn"), isTraining: endpoint == "forward_backward", data: data)
    }

    /// The tokens of a `model_input` or `prompt`.
    static func tokens(_ input: WireJSON) throws(TinkerServerRefusal) -> [Int] {
        let fields = try TinkerServerBody(input, "model_input", required: ["chunks": .array])
        var tokens: [Int] = []
        for element in fields.values["chunks"]?.elements ?? [] {
            let chunk = try TinkerServerBody(
                element, "chunk", required: ["type": .string, "tokens": .array])
            guard chunk.string("type") == "encoded_text",
                let part = chunk.values["tokens"]?.integers
            else { throw .invalid("chunk") }
            tokens += part
        }
        return tokens
    }

    private static func tensor(
        _ name: String, _ value: WireJSON
    ) throws(TinkerServerRefusal) -> Tensor {
        let fields = try TinkerServerBody(
            value, name, required: ["data": .array, "dtype": .string, "shape": .array])
        guard let shape = fields.values["shape"]?.integers,
            let numbers = fields.values["data"]?.numbers
        else { throw .invalid("\(name) is not numbers") }
        switch fields.string("dtype") {
        case "int64":
            guard let integers = fields.values["data"]?.integers else {
                throw .invalid("\(name) has fractions")
            }
            return Tensor(isInteger: true, shape: shape, integers: integers)
        case "float32":
            return Tensor(isInteger: false, shape: shape, floats: numbers.map { Float($0) })
        case let type: throw .invalid("\(name) has the type \(type)")
        }
    }

    // MARK: Protobuf

    private static func readProtobuf(_ body: Data) throws(TinkerServerRefusal) -> PassRequest {
        let message = try message(body, "ForwardBackwardRequest", known: [1, 2, 3, 4, 5, 6, 7])
        guard let model = message.string(1), let seq = message.integer(2),
            let loss = message.string(4)
        else { throw .invalid("model_id, seq_id or loss_fn is missing") }
        var data: [Sequence] = []
        for bytes in message.all(3) {
            let datum = try self.message(bytes, "Datum", known: [1, 2])
            var sequence = Sequence(tokens: [], tensors: [:])
            for bytes in datum.all(1) {
                let chunk = try self.message(bytes, "Chunk", known: [1])
                guard let text = chunk.bytes(1),
                    let raw = try self.message(text, "EncodedTextChunk", known: [1]).bytes(1),
                    let part = RawNumbers.integers(raw, Int32.self)
                else { throw .invalid("a chunk is no text") }
                sequence.tokens += part
            }
            for bytes in datum.all(2) {
                let entry = try self.message(bytes, "loss_fn_inputs", known: [1, 2])
                guard let name = entry.string(1), let value = entry.bytes(2),
                    sequence.tensors[name] == nil
                else { throw .invalid("loss_fn_inputs") }
                sequence.tensors[name] = try tensor(name, value)
            }
            data.append(sequence)
        }
        return PassRequest(
            model: model, seq: seq, loss: loss, isTraining: message.integer(6) != 1, data: data)
    }

    private static func message(
        _ data: Data, _ name: String, known: Set<Int>
    ) throws(TinkerServerRefusal) -> ProtobufFields {
        guard let message = ProtobufFields(data) else { throw .invalid("malformed \(name)") }
        guard message.numbers.isSubset(of: known) else {
            throw .invalid("\(name) has the fields \(message.numbers.sorted())")
        }
        return message
    }

    private static func tensor(_ name: String, _ data: Data) throws(TinkerServerRefusal) -> Tensor {
        let message = try message(data, name, known: [1, 2, 3, 4])
        guard let type = message.integer(3), let shape = message.integers(4) else {
            throw .invalid("\(name) has no type")
        }
        guard let dense = message.bytes(1) else { return try sparse(name, message, shape) }
        return try tensor(name, type, shape, dense)
    }

    private static func tensor(
        _ name: String, _ type: Int, _ shape: [Int], _ data: Data
    ) throws(TinkerServerRefusal) -> Tensor {
        switch type {
        case 1:
            guard let floats = RawNumbers.floats(data) else { throw .invalid("\(name) is cut") }
            return Tensor(isInteger: false, shape: shape, floats: floats)
        case 2:
            guard let integers = RawNumbers.integers(data, Int64.self) else {
                throw .invalid("\(name) is cut")
            }
            return Tensor(isInteger: true, shape: shape, integers: integers)
        default: throw .invalid("\(name) has the type \(type)")
        }
    }

    /// A matrix of which only some cells were sent.
    private static func sparse(
        _ name: String, _ message: ProtobufFields, _ shape: [Int]
    ) throws(TinkerServerRefusal) -> Tensor {
        guard shape.count == 2, shape.allSatisfy({ (1...1_000_000).contains($0) }),
            let bytes = message.bytes(2), let parts = ProtobufFields(bytes),
            let rows = RawNumbers.integers(parts.bytes(2) ?? Data(), Int64.self),
            let columns = RawNumbers.integers(parts.bytes(3) ?? Data(), Int64.self)
        else { throw .invalid("\(name) has no numbers") }
        var values = try tensor(
            name, message.integer(3) ?? 0, shape, parts.bytes(1) ?? Data())
        guard rows.count == shape[0] + 1, rows.first == 0, rows.last == columns.count,
            zip(rows, rows.dropFirst()).allSatisfy({ $0 <= $1 }), values.count == columns.count,
            columns.allSatisfy({ (0..<shape[1]).contains($0) })
        else { throw .invalid("\(name) is no sparse matrix") }
        let cells = shape[0] * shape[1]
        var integers = [Int](repeating: 0, count: values.isInteger ? cells : 0)
        var floats = [Float](repeating: 0, count: values.isInteger ? 0 : cells)
        for row in 0..<shape[0] {
            for index in rows[row]..<rows[row + 1] {
                let cell = row * shape[1] + columns[index]
                if values.isInteger {
                    integers[cell] = values.integers[index]
                } else {
                    floats[cell] = values.floats[index]
                }
            }
        }
        values.integers = integers
        values.floats = floats
        return values
    }
}
