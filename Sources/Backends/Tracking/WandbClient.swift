import Foundation

/// The two calls of W&B that make, fill and end a run. It tries each once.
struct WandbClient: Sendable {
    /// A run's place.
    struct Place: Hashable, Sendable, Codable {
        var entity: String
        var project: String
        /// Its id.
        var run: String
    }

    /// What the service has of a run.
    struct Bucket: Hashable, Sendable {
        var place: Place
        /// Lines of history; nil when it does not say.
        var lineCount: Int?
    }

    /// Of an answer; they are short.
    private static let largestAnswer = 1 << 20
    private static let timeouts = HTTPTimeouts(
        firstByte: .seconds(60), idle: .seconds(60), total: .seconds(90))

    let address: String
    let transport: any HTTPTransport
    private let key: Secret
    private let credential: HTTPRequest.Credential?

    init(_ settings: WandbSettings, transport: any HTTPTransport) {
        address = settings.address
        key = settings.key
        self.transport = transport
        // Basic authorization of the user "api".
        let text = settings.key.withText { Data("api:\($0)".utf8).base64EncodedString() }
        credential = Secret(text).map {
            HTTPRequest.Credential(header: "Authorization", scheme: "Basic ", key: $0)
        }
    }

    /// Makes the run, or takes it up.
    ///
    /// - Throws: ``HTTPFailure`` or ``HTTPError``, which may pass; ``WandbError``, which does not.
    func upsert(_ variables: WandbWire.UpsertBody.Variables) async throws -> Bucket {
        let body = try WandbWire.encode(WandbWire.UpsertBody(variables: variables))
        let answer = try await post(body, to: "/graphql")
        let content: WandbWire.UpsertAnswer
        do {
            content = try JSONDecoder().decode(WandbWire.UpsertAnswer.self, from: answer.body)
        } catch {
            throw WandbError.unusable(host: host, why: "it is not what is sent for a run")
        }
        guard let bucket = content.data?.upsertBucket?.bucket else {
            let words = content.errors?.lazy.compactMap(\.message).first ?? "no run was made"
            throw WandbError.refused(WandbError.words(words, hiding: key))
        }
        guard let entity = bucket.project?.entity?.name ?? variables.entity,
            Self.isName(entity)
        else { throw WandbError.unusable(host: host, why: "it names no entity") }
        let project = bucket.project?.name ?? variables.project
        guard Self.isName(project) else {
            throw WandbError.unusable(host: host, why: "it names no project")
        }
        return Bucket(
            place: Place(entity: entity, project: project, run: variables.name),
            lineCount: bucket.historyLineCount.map { max($0, 0) })
    }

    /// Sends a body to a run.
    ///
    /// - Returns: Whether the person pressed Stop.
    /// - Throws: ``HTTPFailure`` or ``HTTPError``.
    func stream(_ body: Data, to place: Place) async throws -> Bool {
        let path = [place.entity, place.project, place.run].map(Self.segment)
        let answer = try await post(body, to: "/files/\(path.joined(separator: "/"))/file_stream")
        // Everything else in the answer is for other clients.
        let content = try? JSONDecoder().decode(WandbWire.StreamAnswer.self, from: answer.body)
        return content?.stopped == true
    }

    /// The run's page.
    func page(of place: Place) -> String {
        let site = address == WandbSettings.publicAddress ? "https://wandb.ai" : address
        return site + "/\(Self.segment(place.entity))/\(Self.segment(place.project))/runs/"
            + Self.segment(place.run)
    }

    /// Why a call failed, in one line.
    func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPError: error.description
        case HTTPFailure.transport(let error): error.description
        case HTTPFailure.status(let answer):
            "\(answer.status)"
                + (WandbWire.message(in: answer.body).map {
                    " " + WandbError.words($0, hiding: key)
                } ?? "")
        default: WandbError.words("\(error)", hiding: key)
        }
    }

    private var host: String { URL(string: address)?.host() ?? "W&B" }

    private func post(_ body: Data, to path: String) async throws -> HTTPAnswer {
        guard let url = URL(string: address + path) else {
            throw HTTPError.invalidRequest("no address can be made for the run")
        }
        let request = HTTPRequest(
            .post, url, headers: ["Content-Type": "application/json"], body: body,
            credential: credential, timeouts: Self.timeouts)
        let answer = try await transport.send(request).collected(limit: Self.largestAnswer)
        guard answer.isSuccess else { throw HTTPFailure.status(answer) }
        // A network that wants a person to log in first answers for everyone, with a page.
        let first = answer.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        guard first == nil || first == UInt8(ascii: "{") else {
            throw HTTPError.cut(host: host, why: "what came is not JSON")
        }
        return answer
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 256
    }

    /// Percent-encoded: names may have spaces and slashes.
    private static func segment(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            return scalar.isASCII && (scalar.properties.isAlphabetic || "0"..."9" ~= scalar)
                || "-_.~".unicodeScalars.contains(scalar)
                ? String(scalar)
                : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
        }.joined()
    }
}
