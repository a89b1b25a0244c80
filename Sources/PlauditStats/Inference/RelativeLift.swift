extension LiftFlags {
  /// The control is below 0: lift is relative to its size, so that its sign is that of the change.
  package static let negativeBaseline = LiftFlags(rawValue: 1 << 16)
}

/// The lift of a mean or rate without counts, with column semantics: undefined is NaN with a flag.
///
/// From -10 to -5 is +50 %: the difference over the size of the control. The absolute lift is told
/// in any case. What is not finite is NaN, without a flag of its own.
package func evaluateRelativeLift(
  treatment: Double, control: Double
) -> (absolute: Double, relative: Double, flags: LiftFlags) {
  let absolute = treatment - control
  if control == 0 { return (absolute, .nan, .zeroBaseline) }
  let relative = absolute / control.magnitude
  return (absolute, relative.isFinite ? relative : .nan, control < 0 ? .negativeBaseline : [])
}
