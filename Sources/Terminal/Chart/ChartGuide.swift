/// A value to compare with, drawn as a horizontal line.
package struct ChartGuide: Hashable, Sendable {
    /// Safe text of one line: "base".
    package var name: String
    package var value: Double
    package var role: Role

    package init(name: String, value: Double, role: Role = .chartGuide) {
        self.name = name
        self.value = value
        self.role = role
    }
}
