/// Why a file is not read as JSON.
enum JSONFileError: Error, Equatable {
    case file(FileError)
    case notJSON(path: String, reason: String)
}

extension JSONTree {
    /// Reads exactly one value with nothing but white space around it.
    ///
    /// - Parameter maximumDepth: Objects and arrays inside one another, the outermost included.
    init(parsing bytes: [UInt8], maximumDepth: Int) throws(JSONError) {
        // No file that is read as a tree comes near so many values.
        let document = try JSONDocument(
            bytes, maximumDepth: maximumDepth, maximumCount: 1 << 22)
        self.init(document.root)
    }

    private init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .true, .false: self = .bool(value.kind == .true)
        case .number: self = .number(value.text)
        case .string: self = .string(value.text)
        case .array: self = .array(value.children.map { JSONTree($0) })
        case .object:
            let members = JSONValue.Members(children: value.children)
            self = .object(members.map { Member(name: $0.key.text, value: JSONTree($0.value)) })
        }
    }

    /// The one value of a file.
    init(path: String, maximumDepth: Int) throws(JSONFileError) {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.contents(of: path, maximumByteCount: 1 << 26)
        } catch {
            throw .file(error)
        }
        do {
            try self.init(parsing: bytes, maximumDepth: maximumDepth)
        } catch {
            throw .notJSON(path: path, reason: error.description)
        }
    }
}
