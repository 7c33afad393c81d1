/// Something that happened at a step, drawn as a vertical line.
package struct ChartMark: Hashable, Sendable {
    /// What happened; where there is room for one line only, the first of these is drawn.
    package enum Kind: Int, Hashable, Sendable, CaseIterable {
        case verification, epoch, checkpoint
    }

    package var step: Int
    /// Safe text of one line: "epoch 2".
    package var label: String
    package var kind: Kind

    package init(step: Int, label: String, kind: Kind) {
        self.step = step
        self.label = label
        self.kind = kind
    }
}
