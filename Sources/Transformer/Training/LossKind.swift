/// What a student is trained to make small at each response token.
///
/// With p the teacher, q the student, T the teacher's top K, S = Σ_T p and t the teacher's mass
/// outside T; natural logarithms.
package enum LossKind: String, CaseIterable, Sendable, Codable {
    /// Σ_T p ln(p/q) + t ln(t / (1 − Σ_T q)): never above the whole divergence, 0 when T and the
    /// rest agree.
    case tail
    /// Σ p ln(p/q) over all tokens.
    case full
    /// Σ_T p ln(p/q): below 0 at its optimum, where the student has driven the rest out.
    case truncated
    /// Σ_T (p/S) ln((p/S)/q).
    case renormalised
    /// Σ_T (p/S) ln((p/S)/(q/Σ_T q)).
    case renormalisedBoth = "renormalised_both"
    /// Σ q ln(q/p) over all tokens.
    case reverseFull = "reverse_full"
    /// −ln q of the response's own token.
    case crossEntropy = "cross_entropy"

    /// Whether the teacher's final hidden states are needed beside its top rows.
    package var needsTeacherLogits: Bool { self == .full || self == .reverseFull }

    /// Whether the teacher's top rows are needed.
    package var needsTopK: Bool {
        switch self {
        case .tail, .truncated, .renormalised, .renormalisedBoth: true
        case .full, .reverseFull, .crossEntropy: false
        }
    }
}
