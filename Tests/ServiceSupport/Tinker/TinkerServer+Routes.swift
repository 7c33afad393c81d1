internal import FlyingFox
import Foundation

extension TinkerServer {
    /// What an accepted request is answered with.
    func answer(
        _ request: FlyingFox.HTTPRequest, path: String, body: Data
    ) async throws(TinkerServerRefusal) -> Reply {
        let parts = path.split(separator: "/").map(String.init)
        switch (request.method, parts.first, parts.count) {
        case (.GET, "healthz", 1): return Reply(json: ["status": "ok"])
        case (.GET, "get_server_capabilities", 1): return capabilities
        case (.POST, "client", 2) where parts[1] == "config" && options.hasConfiguration:
            return try clientConfiguration(body)
        case (.POST, "auth", 2) where parts[1] == "token" && options.exchangesKey:
            return exchange()
        case (.POST, "sessions", 3) where parts[2] == "finish" && options.knowsNewFields:
            return try finish(parts[1], body)
        case (.GET, "samplers", 2): return try sampler(parts[1])
        case (.GET, "checkpoints", 1): return list(of: nil, request)
        case (.GET, "training_runs", 3) where parts[2] == "checkpoints":
            return list(of: parts[1], request)
        case (.GET, "training_runs", 4...) where parts.last == "archive":
            return try await archive(of: parts[1], parts[3..<parts.count - 1])
        case (.DELETE, "training_runs", 4...) where parts[2] == "checkpoints":
            return try await delete(parts[1], parts[3...])
        case (.POST, "forward_backward", 1), (.POST, "forward", 1):
            return try submitPass(request, endpoint: path, body)
        case (.POST, _?, 1): return try await answerObject(request, endpoint: path, body)
        default: throw .missing(path)
        }
    }

    private func answerObject(
        _ request: FlyingFox.HTTPRequest, endpoint: String, _ body: Data
    ) async throws(TinkerServerRefusal) -> Reply {
        guard mediaType(request) == "application/json" else {
            throw TinkerServerRefusal(status: 415, detail: "\(endpoint) takes application/json")
        }
        switch endpoint {
        case "create_session": return try createSession(body)
        case "session_heartbeat": return try heartbeat(body)
        case "create_model": return try createModel(body)
        case "get_info": return try info(body)
        case "unload_model": return try unload(body)
        case "create_sampling_session": return try await createSampler(body)
        case "asample": return try submitSample(body)
        case "optim_step": return try submitStep(body)
        case "save_weights": return try submitSave(body)
        case "save_weights_for_sampler": return try submitSamplerSave(body)
        case "load_weights": return try submitLoad(body)
        case "weights_info": return try weightsInfo(body)
        case "retrieve_future": return try await retrieve(request, body)
        default: throw .missing(endpoint)
        }
    }

    func mediaType(_ request: FlyingFox.HTTPRequest) -> String {
        let type = request.headers[.contentType] ?? ""
        return type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    }

    /// What was answered to the same request before; nil for a new one.
    ///
    /// - Parameter identity: What makes it the same.
    func repeated(_ identity: String, _ body: Data) -> Reply? {
        guard options.remembers, let known = accepted[identity] else { return nil }
        if known.body != body { complain("\(identity) was repeated with another body") }
        return Reply(status: options.acceptedStatus, json: known.answer)
    }

    func accept(_ identity: String, _ body: Data, _ answer: WireJSON) -> Reply {
        if let known = accepted[identity], known.body != body, !options.remembers {
            complain("\(identity) was repeated with another body")
        }
        accepted[identity] = (body, answer)
        return Reply(status: options.acceptedStatus, json: answer)
    }

    // MARK: Sessions

    private var capabilities: Reply {
        Reply(json: [
            "supported_models": [
                [
                    "model_name": .string(options.model),
                    "max_context_length": .number(Double(options.contextLength)),
                ]
            ]
        ])
    }

    private func clientConfiguration(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        _ = try TinkerServerBody(body, required: ["sdk_version": .string])
        return Reply(json: [
            "pjwt_auth_enabled": .flag(options.exchangesKey), "proto_compress_fwdbwd": false,
            "parallel_fwdbwd_chunks": false, "fwdbwd_max_chunk_len": 1024,
            "fwdbwd_max_chunk_bytes_count": 5_000_000, "something_new": ["a": 1],
        ])
    }

    private func exchange() -> Reply {
        func part(_ text: String) -> String {
            Data(text.utf8).base64EncodedString().replacing("=", with: "")
        }
        let now = Int(options.date().timeIntervalSince1970)
        let claims = "{\"iat\":\(now),\"exp\":\(now + 3600),\"jti\":\"\(UUID().uuidString)\"}"
        let token = "\(part("{\"alg\":\"none\"}")).\(part(claims)).signature"
        tokens.insert(token)
        return Reply(json: ["jwt": .string(token)])
    }

    private func createSession(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["tags": .array, "user_metadata": .texts, "sdk_version": .string],
            optional: ["type": .string, "project_id": .string, "display_name": .string])
        try fields.checkType("create_session")
        let id = "session-\(sessions.count + 1)"
        sessions[id] = Session()
        return Reply(
            status: options.acceptedStatus == 200 ? 200 : 201,
            json: [
                "type": "create_session", "session_id": .string(id), "info_message": nil,
                "warning_message": nil, "error_message": nil,
            ])
    }

    private func heartbeat(_ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["session_id": .string], optional: ["type": .string])
        try fields.checkType("session_heartbeat")
        try checkSession(fields.string("session_id"))
        heartbeatCount += 1
        return Reply(json: ["type": "session_heartbeat"])
    }

    private func finish(_ id: String, _ body: Data) throws(TinkerServerRefusal) -> Reply {
        let fields = try TinkerServerBody(
            body, required: ["reason": .object], optional: ["detail": .textOrNull])
        try checkSession(id)
        let reason = try TinkerServerBody(
            fields.values["reason"] ?? nil, "reason", required: ["type": .string])
        guard ["success", "errored", "interrupted"].contains(reason.string("type")) else {
            throw .invalid("reason.type is \(reason.string("type"))")
        }
        endings.append(reason.string("type"))
        sessions[id]?.isFinished = true
        return Reply(json: nil)
    }

    func checkSession(_ id: String) throws(TinkerServerRefusal) {
        guard let session = sessions[id] else { throw .missing("session \(id)") }
        if session.isFinished {
            throw TinkerServerRefusal(status: 410, detail: "session \(id) is finished")
        }
    }
}
