import Foundation
import Testing

/// One exchange of the real SDK with a recorder.
struct WireRecording {
    /// `forward_backward`, `json-dialect.asample` …
    var file: String
    var name: String
    var headers: [String: String]
    var path: String
    private var request: [String: Any]
    private var response: [String: Any]

    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/tinker/recordings")

    /// All exchanges of a file, in the order of sending.
    static func all(_ file: String) throws -> [WireRecording] {
        let data = try Data(contentsOf: directory.appending(path: "\(file).json"))
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let examples = try #require(object["examples"] as? [[String: Any]])
        return try examples.map { example in
            let request = try #require(example["request"] as? [String: Any])
            return WireRecording(
                file: file, name: example["name"] as? String ?? "",
                headers: request["headers"] as? [String: String] ?? [:],
                path: request["path"] as? String ?? "", request: request,
                response: try #require(example["response"] as? [String: Any]))
        }
    }

    static func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The exchange of that place, from 0.
    static func at(_ file: String, _ index: Int) throws -> WireRecording {
        let all = try all(file)
        try #require(all.indices.contains(index))
        return all[index]
    }

    var status: Int { response["status"] as? Int ?? 0 }

    var requestJSON: NSDictionary {
        get throws { try #require(request["body_json"] as? NSDictionary) }
    }

    var requestProtobuf: Data {
        get throws {
            try #require(
                (request["body_protobuf_base64"] as? String).flatMap { Data(base64Encoded: $0) })
        }
    }

    /// The body of the answer as it came, whatever it is.
    var answer: Data {
        get throws {
            if let text = response["body_protobuf_base64"] as? String {
                return try #require(Data(base64Encoded: text))
            }
            return try JSONSerialization.data(
                withJSONObject: response["body_json"] ?? NSNull(), options: .fragmentsAllowed)
        }
    }

    var isProtobufAnswer: Bool { response["body_protobuf_base64"] != nil }
    var isProtobufRequest: Bool { request["body_protobuf_base64"] != nil }
}
