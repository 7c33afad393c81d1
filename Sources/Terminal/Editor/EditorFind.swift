/// What is looked for in a text, and where it is.
package struct EditorFind: Hashable, Sendable {
    /// More matches than this are not listed.
    package static let limit = 10_000

    /// Not empty. Capitals in it make the search tell capitals from small letters.
    package let pattern: String
    /// In order, without overlaps; in bytes of the text's UTF-8, at boundaries between Characters.
    package let matches: [Range<Int>]
    /// The match that the cursor is on.
    package internal(set) var current: Int?
    /// Where the cursor was before the search.
    let origin: Int

    /// Looks through all of `text`: some milliseconds for a megabyte.
    init(_ pattern: String, in text: String, origin: Int) {
        self.pattern = pattern
        self.origin = origin
        matches = Self.matches(of: pattern, in: text)
    }

    /// `3/12`; `0/12` while the cursor is on none.
    package var label: String {
        "\((current ?? -1) + 1)/\(matches.count)" + (matches.count < Self.limit ? "" : "+")
    }

    /// The first match that begins at a place or behind it; from the top where there is none.
    func index(from offset: Int) -> Int? {
        guard !matches.isEmpty else { return nil }
        let index = lowerBound(offset)
        return index < matches.count ? index : 0
    }

    /// The last match that begins before a place; from the bottom where there is none.
    func index(before offset: Int) -> Int? {
        guard !matches.isEmpty else { return nil }
        let index = lowerBound(offset)
        return index > 0 ? index - 1 : matches.count - 1
    }

    /// The matches that touch a part of the text.
    func matches(touching range: Range<Int>) -> ArraySlice<Range<Int>> {
        var start = lowerBound(range.lowerBound)
        // Matches do not overlap, so at most one reaches in from before.
        if start > 0, matches[start - 1].upperBound > range.lowerBound { start -= 1 }
        return matches[start...].prefix { $0.lowerBound < range.upperBound }
    }

    private func lowerBound(_ offset: Int) -> Int {
        var low = 0
        var high = matches.count
        while low < high {
            let middle = (low + high) / 2
            if matches[middle].lowerBound < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func matches(of pattern: String, in text: String) -> [Range<Int>] {
        let isExact = pattern.contains(where: \.isUppercase)
        let wanted = pattern.unicodeScalars.map { isExact ? $0.value : folded($0) }
        guard let first = wanted.first else { return [] }
        var matches: [Range<Int>] = []
        var starts = BoundaryWalk(text)
        var ends = BoundaryWalk(text)
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex, matches.count < limit {
            let scalar = scalars[index]
            let next = scalars.index(after: index)
            guard (isExact ? scalar.value : folded(scalar)) == first else {
                index = next
                continue
            }
            var end = next
            var count = 1
            while count < wanted.count, end < scalars.endIndex,
                (isExact ? scalars[end].value : folded(scalars[end])) == wanted[count]
            {
                end = scalars.index(after: end)
                count += 1
            }
            if count == wanted.count, starts.contains(index), ends.contains(end) {
                matches.append(text.utf8Offset(of: index)..<text.utf8Offset(of: end))
                index = end
            } else {
                index = next
            }
        }
        return matches
    }

    /// The small letter, for those that have one of one scalar.
    private static func folded(_ scalar: Unicode.Scalar) -> UInt32 {
        if scalar.value < 0x80 {
            return (0x41...0x5A).contains(scalar.value) ? scalar.value + 0x20 : scalar.value
        }
        let small = scalar.properties.lowercaseMapping.unicodeScalars
        return small.count == 1 ? small.first?.value ?? scalar.value : scalar.value
    }
}

/// Tells boundaries between Characters one after the other, in linear time whatever the text.
private struct BoundaryWalk {
    private let text: String
    /// Two boundaries one after the other, or the same twice.
    private var lower: String.Index
    private var upper: String.Index

    init(_ text: String) {
        self.text = text
        lower = text.startIndex
        upper = text.startIndex
    }

    /// - Parameter index: A scalar's, behind those asked for before.
    mutating func contains(_ index: String.Index) -> Bool {
        if let isBoundary = text.isASCIIBoundary(index) {
            if isBoundary { (lower, upper) = (index, index) }
            return isBoundary
        }
        while upper < index {
            let rest = text[upper...]
            (lower, upper) = (upper, rest.index(after: rest.startIndex))
        }
        return index == upper || index == lower
    }
}

extension String {
    /// The answer where it takes no look at the text around: between ASCII, at the start and the end.
    fileprivate func isASCIIBoundary(_ index: Index) -> Bool? {
        guard index > startIndex, index < endIndex else { return true }
        let bytes = (utf8[utf8.index(before: index)], utf8[index])
        guard bytes.0 < 0x80 && bytes.1 < 0x80 else { return nil }
        return !(bytes.0 == 0x0D && bytes.1 == 0x0A)
    }

    /// Whether a Character begins or the text ends at a scalar's place.
    func isBoundary(_ index: Index) -> Bool {
        isASCIIBoundary(index) ?? (index.samePosition(in: self) != nil)
    }
}
