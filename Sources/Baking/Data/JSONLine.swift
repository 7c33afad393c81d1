import Foundation

/// How the JSON of a run is written and read.
enum JSONLine {
    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// ISO 8601 in UTC, to the nearest millisecond: what was read is written alike.
    static func text(of time: Date) -> String {
        // The style cuts off.
        time.addingTimeInterval(0.0005).formatted(timeStyle)
    }

    static func time(_ text: String) throws -> Date { try timeStyle.parse(text) }

    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(text(of: date))
        }
        return encoder
    }

    static func encode(_ value: some Encodable) throws -> Data { try encoder().encode(value) }

    static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            try time(try decoder.singleValueContainer().decode(String.self))
        }
        return try decoder.decode(type, from: data)
    }

    /// Why something could not be decoded, and where in it.
    static func reason(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let (context, what): (DecodingError.Context, String?) =
            switch error {
            case .keyNotFound(let key, let context): (context, "\(key.stringValue) is missing")
            case .typeMismatch(_, let context): (context, "is of the wrong type")
            case .valueNotFound(_, let context): (context, "is null")
            case .dataCorrupted(let context): (context, nil)
            @unknown default: (.init(codingPath: [], debugDescription: ""), "cannot be read")
            }
        let place = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
            .joined(separator: ".")
        let words = what ?? (place.isEmpty ? "no valid JSON" : context.debugDescription)
        return place.isEmpty ? words : "\(place): \(words)"
    }
}

/// The lines of a file that is appended to.
struct JSONLines {
    /// One line without its line feed.
    struct Line {
        /// From 1.
        var number: Int
        var data: Data
        /// Where the line begins.
        var offset: Int
    }

    /// Lines that are not empty.
    var lines: [Line] = []
    /// Bytes up to the last line feed; what lies behind is a torn line.
    var wholeByteCount = 0

    /// - Parameter torn: Whether a last line without line feed is kept, as other programs write it.
    init(_ data: Data, keepingTorn torn: Bool = false) {
        var offset = 0
        var number = 0
        while offset < data.count {
            let start = data.startIndex + offset
            let end = data[start...].firstIndex(of: 0x0A)
            if end == nil && !torn { break }
            number += 1
            let line = data[start..<(end ?? data.endIndex)]
            if line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) {
                lines.append(Line(number: number, data: Data(line), offset: offset))
            }
            offset += line.count + (end == nil ? 0 : 1)
        }
        wholeByteCount = offset
    }
}
