import Glibc

/// Plays the highest upper confidence bound, `mean + α √(2 ln N / n)`, of N rewards in all and n of
/// the arm; rewards of about 0 to 1. An arm without rewards stands above every other.
///
/// - Source: Auer, Cesa-Bianchi & Fischer 2002, doi:10.1023/A:1013689704352.
struct UCB1: ArmPolicy {
  let exploration: Double

  func scores(_ arms: [JudgedArm], rewards: Double) -> [Double] {
    arms.map { arm in
      arm.plays == 0
        ? .infinity : arm.mean + exploration * (2 * log(rewards) / arm.plays).squareRoot()
    }
  }
}
