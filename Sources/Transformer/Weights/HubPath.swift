/// The layout of a cache of the Hugging Face hub, as far as a path shows it.
enum HubPath {
    /// The repository whose snapshot `path` lies in, `owner/name`:
    /// `…/models--owner--name/snapshots/<commit>/…`. nil for any other place.
    static func repository(in path: String) -> String? {
        let parts = path.split(separator: "/")
        guard let place = parts.lastIndex(of: "snapshots"), place > 0, place + 1 < parts.count,
            parts[place + 1].utf8.count == 40, parts[place + 1].utf8.allSatisfy(isHexDigit),
            parts[place - 1].hasPrefix("models--")
        else { return nil }
        let name = parts[place - 1].dropFirst("models--".count)
        // Two hyphens stand in no name.
        return name.isEmpty ? nil : String(name).replacing("--", with: "/", maxReplacements: 1)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
