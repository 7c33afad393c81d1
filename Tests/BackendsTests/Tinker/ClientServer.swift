import Foundation
import Synchronization

@testable import Backends

/// A server in memory that keeps count instead of computing: it applies each model's requests in the
/// order of their numbers, once each, and answers what it is told to.
final class ClientServer: HTTPTransport {
    /// A request as it came.
    struct Call: Sendable {
        /// Without `/api/v1/`.
        var path: String
        var request: HTTPRequest
        /// How often this request, by its idempotency key, has come before.
        var repetition: Int
        /// How many requests of this path came before, repetitions included.
        var index: Int

        var headers: HTTPHeaders { request.headers }
        var isProtobuf: Bool { headers["Content-Type"] == TinkerWire.protobuf }

        var json: [String: Any] {
            let object = try? JSONSerialization.jsonObject(with: request.body ?? Data())
            return object as? [String: Any] ?? [:]
        }
    }

    /// What happens instead of, or before and after, what should.
    enum Fault: Sendable {
        /// Answered so, nothing done.
        case answer(Int, String = "", headers: HTTPHeaders = [:])
        /// Answered so, as bytes of a type, nothing done.
        case bytes(Data, type: String)
        /// Fails, nothing done.
        case fails(HTTPError)
        /// Done, but the answer is lost.
        case loses(HTTPError)
    }

    struct Applied: Hashable, Sendable {
        var number: Int
        var kind: String
        /// First target of a pass, or the learning rate of a step in millionths.
        var mark: Int
    }

    struct Options: Sendable {
        var readsProtobuf = true
        var readsJSON = true
        var config = "{}"
        /// Polls that are answered with "try again" before each result.
        var unreadyCount = 0
        /// Whether a result is announced by its size first.
        var announcesSize = false
        var fault: @Sendable (Call) -> Fault? = { _ in nil }
    }

    private struct Model {
        var next = 1
        var waiting: [Int: (kind: String, mark: Int)] = [:]
        var requests: [Int: String] = [:]
        var applied: [Applied] = []
    }

    private struct Future {
        var model: String?
        var number = 0
        var json = "{}"
        var proto: Data?
        var polls = 0
    }

    private struct State {
        var options: Options
        var calls: [Call] = []
        var keys: [String: Int] = [:]
        var models: [String: Model] = [:]
        var futures: [String: Future] = [:]
        var futureByKey: [String: String] = [:]
        var sessions = 0
        var samplers = 0
        var fetched = 0
    }

    private let state: Mutex<State>

    init(_ options: Options = Options()) { state = Mutex(State(options: options)) }

    var calls: [Call] { state.withLock { $0.calls } }
    func calls(to path: String) -> [Call] { calls.filter { $0.path == path } }
    /// What a model's requests did, in the order in which they did it.
    func applied(_ model: String) -> [Applied] {
        state.withLock { $0.models[model]?.applied ?? [] }
    }

    /// The log-probability that a target has here.
    static func logprob(of target: Int) -> Float { -Float(target) / 128 - 0.125 }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let (call, options) = state.withLock { state -> (Call, Options) in
            let path = request.url.path.components(separatedBy: "/api/v1/").last ?? ""
            let key = request.headers["X-Idempotency-Key"] ?? ""
            let call = Call(
                path: path, request: request, repetition: key.isEmpty ? 0 : state.keys[key] ?? 0,
                index: state.calls.count { $0.path == path })
            state.keys[key, default: 0] += 1
            state.calls.append(call)
            return (call, state.options)
        }
        switch options.fault(call) {
        case .answer(let status, let body, let headers):
            return respond(request, status, Data(body.utf8), headers)
        case .bytes(let data, let type):
            return respond(request, 200, data, ["Content-Type": type])
        case .fails(let error): throw error
        case .loses(let error):
            _ = answer(call)
            throw error
        case nil:
            let (status, body, type) = answer(call)
            return respond(request, status, body, ["Content-Type": type])
        }
    }

    private func respond(
        _ request: HTTPRequest, _ status: Int, _ body: Data, _ headers: HTTPHeaders
    ) -> HTTPResponse {
        var response = HTTPResponse.scripted(status, data: body, headers: headers)
        response.url = request.url
        return response
    }

    // MARK: - Endpoints

    private func answer(_ call: Call) -> (Int, Data, String) {
        let (status, text) = state.withLock { state -> (Int, Result) in
            switch call.path {
            case "client/config": (200, .json(state.options.config))
            case "auth/token": (200, .json(Self.token(&state)))
            case "create_session": (200, .json(Self.session(&state)))
            case "get_server_capabilities":
                (200, .json(#"{"supported_models":[{"model_name":"base","trainable":true}]}"#))
            case "create_model": (200, Self.created(call, &state))
            case "get_info":
                (200, .json(#"{"model_data":{"model_name":"org/base/v1","tokenizer_id":null}}"#))
            case "forward", "forward_backward": Self.pass(call, &state)
            case "optim_step":
                Self.numbered(
                    call, &state, "step", mark: Self.rate(call),
                    Future(json: #"{"metrics":{"grad_norm:mean":0.5}}"#))
            case "save_weights", "save_weights_for_sampler": Self.save(call, &state)
            case "load_weights": Self.load(call, &state)
            case "create_sampling_session": (200, .json(Self.sampler(&state)))
            case "asample": Self.sample(call, &state)
            case "retrieve_future": Self.poll(call, &state)
            default: (200, .json("null"))
            }
        }
        switch text {
        case .json(let text): return (status, Data(text.utf8), TinkerWire.json)
        case .proto(let data): return (status, data, TinkerWire.protobuf)
        }
    }

    private enum Result {
        case json(String)
        case proto(Data)
    }

    private static func token(_ state: inout State) -> String {
        state.fetched += 1
        let claims = Data(#"{"iat":1000,"exp":1600}"#.utf8).base64EncodedString()
        return #"{"jwt":"eyJ0.\#(claims).number\#(state.fetched)"}"#
    }

    private static func session(_ state: inout State) -> String {
        state.sessions += 1
        return #"{"session_id":"session\#(state.sessions)","info_message":"welcome"}"#
    }

    private static func sampler(_ state: inout State) -> String {
        state.samplers += 1
        return #"{"sampling_session_id":"sampler\#(state.samplers)"}"#
    }

    private static func created(_ call: Call, _ state: inout State) -> Result {
        let id = "model\(call.json["model_seq_id"] as? Int ?? -1)"
        state.models[id] = state.models[id] ?? Model()
        return accept(call, &state, Future(json: #"{"model_id":"\#(id)"}"#))
    }

    /// The same request again gets the same future.
    private static func accept(_ call: Call, _ state: inout State, _ future: Future) -> Result {
        let key = call.headers["X-Idempotency-Key"] ?? ""
        let id = state.futureByKey[key] ?? "future\(state.futures.count)"
        state.futureByKey[key] = id
        if state.futures[id] == nil { state.futures[id] = future }
        return .json(#"{"request_id":"\#(id)"}"#)
    }

    private static func numbered(
        _ call: Call, _ state: inout State, _ kind: String, mark: Int, _ future: Future,
        model: String? = nil, number: Int? = nil
    ) -> (Int, Result) {
        let id = model ?? call.json["model_id"] as? String ?? ""
        let number = number ?? call.json["seq_id"] as? Int ?? 0
        guard var model = state.models[id] else {
            return (404, .json(#"{"detail":"no such model"}"#))
        }
        if let request = model.requests[number] {
            return (200, .json(#"{"request_id":"\#(request)"}"#))
        }
        let request = "future\(state.futures.count)"
        var future = future
        future.model = id
        future.number = number
        state.futures[request] = future
        model.requests[number] = request
        model.waiting[number] = (kind, mark)
        while let (kind, mark) = model.waiting.removeValue(forKey: model.next) {
            model.applied.append(Applied(number: model.next, kind: kind, mark: mark))
            model.next += 1
        }
        state.models[id] = model
        return (200, .json(#"{"request_id":"\#(request)"}"#))
    }

    private static func rate(_ call: Call) -> Int {
        let adam = call.json["adam_params"] as? [String: Any]
        return Int(((adam?["learning_rate"] as? Double ?? 0) * 1e6).rounded())
    }

    private static func pass(_ call: Call, _ state: inout State) -> (Int, Result) {
        if call.isProtobuf {
            guard state.options.readsProtobuf,
                let message = try? TinkerProtoForwardBackwardRequest(
                    wire: call.request.body ?? Data())
            else { return (500, .json("Internal Server Error")) }
            let data = message.data.map { datum -> ([Int], [Int]) in
                let tensor = datum.lossFnInputs["target_tokens"]
                let targets: [Int64] =
                    (try? TinkerBytes.integers(tensor?.dense ?? Data(), "targets")) ?? []
                return (targets.map(Int.init), tensor?.shape.map(Int.init) ?? [])
            }
            return numbered(
                call, &state, message.forwardOnly ? "forward" : "pass",
                mark: data.first?.0.first ?? -1, result(data), model: message.modelID,
                number: Int(message.seqID))
        }
        guard state.options.readsJSON else {
            return (415, .json(#"{"detail":"protobuf only"}"#))
        }
        let isForward = call.path == "forward"
        let input =
            call.json[isForward ? "forward_input" : "forward_backward_input"] as? [String: Any]
        let data = (input?["data"] as? [[String: Any]] ?? []).map { datum -> ([Int], [Int]) in
            let inputs = datum["loss_fn_inputs"] as? [String: Any]
            let targets = inputs?["target_tokens"] as? [String: Any]
            return (targets?["data"] as? [Int] ?? [], targets?["shape"] as? [Int] ?? [])
        }
        return numbered(
            call, &state, isForward ? "forward" : "pass", mark: data.first?.0.first ?? -1,
            result(data))
    }

    private static func result(_ data: [([Int], [Int])]) -> Future {
        var output = TinkerProtoForwardBackwardOutput()
        output.metrics = ["loss:sum": Double(data.count), "mass:mean": Double(data[0].0[0])]
        var texts: [String] = []
        for (targets, shape) in data {
            var tensor = TinkerProtoBatchedTensor()
            let values = targets.map(logprob)
            tensor.data = TinkerBytes.data(of: values)
            tensor.offsets = TinkerBytes.data(of: [Int64(0), Int64(4 * values.count)])
            tensor.dtype = .float32
            tensor.trailingShape = shape.dropFirst().map(Int64.init)
            var record = TinkerProtoArrayRecord()
            record.numDatums = 1
            record.fields["logprobs"] = tensor
            output.lossFnOutputs.append(record)
            texts.append(
                #"{"logprobs":{"data":\#(values),"dtype":"float32","shape":\#(shape)}}"#)
        }
        let outputs = texts.joined(separator: ",")
        let json =
            #"{"loss_fn_outputs":[\#(outputs)],"metrics":{"loss:sum":\#(data.count),"#
            + #""mass:mean":\#(data[0].0[0])}}"#
        return Future(json: json, proto: try? output.wire)
    }

    private static func save(_ call: Call, _ state: inout State) -> (Int, Result) {
        let model = call.json["model_id"] as? String ?? ""
        let name = call.json["path"] as? String
        let folder = call.path == "save_weights" ? "weights" : "sampler_weights"
        let future =
            name.map { Future(json: #"{"path":"tinker://\#(model)/\#(folder)/\#($0)"}"#) }
            ?? Future(json: #"{"path":null,"sampling_session_id":"ephemeral"}"#)
        return numbered(call, &state, folder, mark: 0, future)
    }

    private static func load(_ call: Call, _ state: inout State) -> (Int, Result) {
        if call.json["model_id"] != nil {
            return numbered(call, &state, "load", mark: 0, Future(json: "{}"))
        }
        let id = "loaded\(call.json["model_seq_id"] as? Int ?? -1)"
        state.models[id] = state.models[id] ?? Model()
        return (200, accept(call, &state, Future(json: #"{"model_id":"\#(id)"}"#)))
    }

    private static func sample(_ call: Call, _ state: inout State) -> (Int, Result) {
        let json =
            #"{"sequences":[{"stop_reason":"stop","tokens":[5]}],"prompt_logprobs":[null,-1],"#
            + #""topk_prompt_logprobs":[null,[[5,-0.5],[6,-2]]]}"#
        return (200, accept(call, &state, Future(json: json)))
    }

    private static func poll(_ call: Call, _ state: inout State) -> (Int, Result) {
        let id = call.json["request_id"] as? String ?? ""
        guard var future = state.futures[id] else {
            return (404, .json(#"{"detail":"no such request"}"#))
        }
        future.polls += 1
        state.futures[id] = future
        if let name = future.model, let model = state.models[name], model.next <= future.number {
            return (408, .json(#"{"type":"try_again","queue_state":"active"}"#))
        }
        if future.polls <= state.options.unreadyCount {
            return (
                200,
                .json(
                    #"{"type":"try_again","queue_state":"paused_capacity","#
                        + #""queue_state_reason":"busy"}"#)
            )
        }
        if state.options.announcesSize, call.json["allow_metadata_only"] as? Bool == true {
            return (200, .json(#"{"status":"complete_metadata","response_payload_size":10}"#))
        }
        let wantsProtobuf = call.headers["Accept"]?.contains(TinkerWire.protobuf) == true
        if wantsProtobuf, state.options.readsProtobuf, let proto = future.proto {
            return (200, .proto(proto))
        }
        return (200, .json(future.json))
    }
}
