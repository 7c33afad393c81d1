import Foundation

/// What goes to W&B and comes back, in its own words.
enum WandbWire {
    static func encode(_ body: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        // The same body is the same bytes.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(body)
    }

    /// `POST /graphql`, of which one mutation is used: it makes a run, or takes one up.
    struct UpsertBody: Encodable {
        var operationName = "UpsertBucket"
        var query = """
            mutation UpsertBucket($name: String, $project: String, $entity: String, \
            $displayName: String, $config: JSONString, $tags: [String!], $group: String, \
            $jobType: String) { upsertBucket(input: {name: $name, modelName: $project, \
            entityName: $entity, displayName: $displayName, config: $config, tags: $tags, \
            groupName: $group, jobType: $jobType}) { bucket { id name displayName \
            historyLineCount project { name entity { name } } } inserted } }
            """
        var variables: Variables

        struct Variables: Encodable {
            /// The run's id.
            var name: String
            var project: String
            var entity: String?
            var displayName: String?
            /// JSON inside JSON.
            var config: String
            var tags: [String]?
            var group: String?
            var jobType: String?
        }
    }

    struct UpsertAnswer: Decodable {
        struct Content: Decodable { var upsertBucket: Upsert? }
        struct Upsert: Decodable { var bucket: Bucket? }
        struct Bucket: Decodable {
            var historyLineCount: Int?
            var project: Project?
        }
        struct Project: Decodable {
            var name: String?
            var entity: Entity?
        }
        struct Entity: Decodable { var name: String? }

        var data: Content?
        var errors: [Failure]?
    }

    /// `POST …/file_stream`; with nothing in it a sign of life.
    struct StreamBody: Encodable {
        var files: Files?
        var complete: Bool?
        var exitcode: Int?

        struct Files: Encodable {
            var history: Lines?
            var summary: Lines?

            enum CodingKeys: String, CodingKey {
                case history = "wandb-history.jsonl"
                case summary = "wandb-summary.json"
            }
        }

        /// JSON objects, each on one line, from the line `offset` on.
        struct Lines: Encodable {
            var offset: Int
            var content: [String]
        }
    }

    struct StreamAnswer: Decodable {
        /// The person pressed Stop.
        var stopped: Bool?
    }

    struct Failure: Decodable { var message: String? }

    /// The words in the body of an answer that says no; nil when there are none.
    static func message(in body: Data) -> String? {
        struct Plain: Decodable { var error: String }
        struct Object: Decodable { var error: Failure }
        struct List: Decodable { var errors: [Failure] }
        let decoder = JSONDecoder()
        // Whatever else it is has no words for us.
        if let plain = try? decoder.decode(Plain.self, from: body) { return plain.error }
        if let object = try? decoder.decode(Object.self, from: body) { return object.error.message }
        let list = try? decoder.decode(List.self, from: body)
        return list?.errors.lazy.compactMap(\.message).first
    }
}
