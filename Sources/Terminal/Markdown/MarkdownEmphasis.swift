/// Finds what is emphasized by asterisks and underlines, by the rules of CommonMark for runs of signs,
/// except that a run at the very end of the text does not close a longer one: while `**word*` streams
/// in, it stays as it is until the last asterisk is there.
struct MarkdownEmphasis {
    /// By how many the strong stretches around a scalar change at it.
    private(set) var strong: [Int]
    /// The same for the slanted ones.
    private(set) var slanted: [Int]
    /// The signs that were used up.
    private(set) var isHidden: [Bool]

    /// A run of one sign.
    private struct Run {
        let sign: Unicode.Scalar
        let start: Int
        let count: Int
        let canOpen: Bool
        let canClose: Bool
        /// Signs at the end that are left to open, and how many were used to close.
        var left: Int
        var closed = 0
        var before: Int
        var after: Int
    }

    private var runs: [Run] = []

    /// - Parameter isText: Whether the scalar at an index may be markup.
    init(_ scalars: [Unicode.Scalar], isText: (Int) -> Bool) {
        strong = Array(repeating: 0, count: scalars.count + 1)
        slanted = strong
        isHidden = Array(repeating: false, count: scalars.count)
        findRuns(scalars, isText: isText)
        match(end: scalars.count)
    }

    private mutating func findRuns(_ scalars: [Unicode.Scalar], isText: (Int) -> Bool) {
        var index = 0
        while index < scalars.count {
            let sign = scalars[index]
            guard sign == "*" || sign == "_", isText(index) else {
                index += 1
                continue
            }
            let start = index
            while index < scalars.count, scalars[index] == sign, isText(index) { index += 1 }
            let before = Kind(start > 0 ? scalars[start - 1] : " ")
            let after = Kind(index < scalars.count ? scalars[index] : " ")
            let leans = (
                left: after == .word || after == .sign && before != .word,
                right: before == .word || before == .sign && after != .word
            )
            let isWithin = sign == "_" && leans.left && leans.right
            runs.append(
                Run(
                    sign: sign, start: start, count: index - start,
                    canOpen: leans.left && (!isWithin || before == .sign),
                    canClose: leans.right && (!isWithin || after == .sign),
                    left: index - start, before: runs.count - 1, after: runs.count + 1))
        }
    }

    private mutating func match(end: Int) {
        // Below these runs there is nothing that could open, by what asks for it.
        var bottoms: [Need: Int] = [:]
        var closer = 0
        while closer < runs.count {
            let run = runs[closer]
            guard run.canClose, run.left > 0 else {
                closer = run.after
                continue
            }
            let need = Need(sign: run.sign, canOpen: run.canOpen, rest: run.count % 3)
            let bottom = bottoms[need] ?? -1
            var opener = run.before
            while opener > bottom, !opens(runs[opener], run) { opener = runs[opener].before }
            if opener <= bottom {
                bottoms[need] = run.before
                if !run.canOpen { remove(closer) }
                closer = run.after
            } else if run.start + run.count == end, run.left < runs[opener].left {
                return
            } else {
                join(opener, closer)
                if runs[opener].left == 0 { remove(opener) }
                if runs[closer].left == 0 {
                    remove(closer)
                    closer = runs[closer].after
                }
            }
        }
    }

    /// What a run that closes looks for.
    private struct Need: Hashable {
        let sign: Unicode.Scalar
        let canOpen: Bool
        let rest: Int
    }

    private func opens(_ opener: Run, _ closer: Run) -> Bool {
        guard opener.sign == closer.sign, opener.canOpen, opener.left > 0 else { return false }
        // The rule of three: "*a**b*" is one stretch.
        let isMixed = opener.canClose || closer.canOpen
        return !isMixed || (opener.count + closer.count) % 3 != 0
            || opener.count % 3 == 0 && closer.count % 3 == 0
    }

    private mutating func join(_ opener: Int, _ closer: Int) {
        let count = min(runs[opener].left, runs[closer].left, 2)
        let from = runs[opener].start + runs[opener].left - count
        let to = runs[closer].start + runs[closer].closed
        for index in from..<from + count { isHidden[index] = true }
        for index in to..<to + count { isHidden[index] = true }
        if count == 2 {
            strong[from] += 1
            strong[to] -= 1
        } else {
            slanted[from] += 1
            slanted[to] -= 1
        }
        runs[opener].left -= count
        runs[closer].left -= count
        runs[closer].closed += count
        // What stands between them and found no partner has none.
        runs[opener].after = closer
        runs[closer].before = opener
    }

    private mutating func remove(_ index: Int) {
        let run = runs[index]
        if run.before >= 0 { runs[run.before].after = run.after }
        if run.after < runs.count { runs[run.after].before = run.before }
    }

    /// What stands beside a run.
    private enum Kind {
        case space, sign, word

        init(_ scalar: Unicode.Scalar) {
            switch scalar.properties.generalCategory {
            case .spaceSeparator, .control: self = .space
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
                .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol,
                .currencySymbol, .modifierSymbol, .otherSymbol:
                self = .sign
            default: self = .word
            }
        }
    }
}
