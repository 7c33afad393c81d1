import Foundation

/// The JSON object of a request, checked field by field.
struct TinkerServerBody {
    enum Kind {
        case string, integer, number, flag, object, array
        /// A text, texts or numbers.
        case stop
        /// An object whose values are texts.
        case texts
        case textOrNull

        func fits(_ value: WireJSON) -> Bool {
            switch (self, value) {
            case (.string, .string), (.number, .number), (.flag, .flag), (.object, .object): true
            case (.integer, .number(let number)): Int(exactly: number) != nil
            case (.array, .array), (.array, .numbers): true
            case (.stop, .string), (.stop, .numbers): true
            case (.stop, .array(let values)): values.allSatisfy { $0.string != nil }
            case (.texts, .object(let values)): values.values.allSatisfy { $0.string != nil }
            case (.textOrNull, .string), (.textOrNull, .null): true
            default: false
            }
        }
    }

    let values: [String: WireJSON]

    /// - Throws: 422 for a body that is no object, for a field that is missing, unknown or of another
    ///   kind.
    init(
        _ data: Data, required: [String: Kind], optional: [String: Kind] = [:]
    ) throws(TinkerServerRefusal) {
        guard let value = try? JSONDecoder().decode(WireJSON.self, from: data) else {
            throw .invalid("the body is no JSON")
        }
        try self.init(value, "body", required: required, optional: optional)
    }

    init(
        _ value: WireJSON, _ place: String, required: [String: Kind],
        optional: [String: Kind] = [:]
    ) throws(TinkerServerRefusal) {
        guard case .object(let values) = value else { throw .invalid("\(place) is no object") }
        for (name, kind) in required {
            guard let value = values[name] else { throw .invalid("\(place).\(name) is missing") }
            guard kind.fits(value) else { throw .invalid("\(place).\(name) is no \(kind)") }
        }
        for (name, value) in values where required[name] == nil {
            guard let kind = optional[name] else {
                throw .invalid("\(place).\(name): extra inputs are not permitted")
            }
            guard kind.fits(value) else { throw .invalid("\(place).\(name) is no \(kind)") }
        }
        self.values = values
    }

    /// - Throws: 422 where there is a `type` and it is another.
    func checkType(_ name: String) throws(TinkerServerRefusal) {
        if let type = values["type"]?.string, type != name { throw .invalid("type is \(type)") }
    }

    // For fields that were required.
    func string(_ name: String) -> String { values[name]?.string ?? "" }
    func integer(_ name: String) -> Int { values[name]?.integer ?? 0 }
    func number(_ name: String) -> Double { values[name]?.number ?? 0 }
    func flag(_ name: String) -> Bool { values[name]?.flag ?? false }
}
