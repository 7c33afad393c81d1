/// What the hub sends, in its own words.
enum HubWire {
    /// `GET /api/models/<name>/revision/<revision>`
    struct Revision: Decodable {
        var sha: String
    }

    /// One of `GET /api/models/<name>/tree/<commit>`
    struct TreeEntry: Decodable {
        struct Large: Decodable {
            var oid: String
            var size: Int
        }

        /// `file` or `directory`.
        var type: String
        var path: String
        /// Git's name of the content; of a large file, of the pointer to it.
        var oid: String?
        var size: Int?
        var lfs: Large?
    }

    /// The body of an answer that says no.
    struct Complaint: Decodable {
        var error: String
    }
}
