public import CPlaudit
import PlauditCore
import PlauditStats
import PlauditText

// The part of plaudit.h's stats section that assigns users to arms.

private func hashVersion(_ version: Int32) throws(PlauditError) -> HashVersion {
  if version == 0 { return .growthBook2 }
  guard let version = HashVersion(rawValue: version) else {
    let known = HashVersion.allCases.map { String($0.rawValue) }.joined(separator: ", ")
    throw PlauditError(.outOfRange, "version is \(version), known are \(known)")
  }
  return version
}

extension UserColumn {
  fileprivate init(_ texts: TextBatch) {
    self.init(
      count: texts.count, data: texts.data, offsets32: texts.offsets32,
      offsets64: texts.offsets64, validity: texts.validity)
  }
}

@implementation @_cdecl("plaudit_assignment_hash")
public func plaudit_assignment_hash(
  _ users: UnsafePointer<plaudit_text_batch>?, _ seed: UnsafePointer<CChar>?,
  _ seed_length: Int64, _ version: Int32, _ run: UnsafePointer<plaudit_run_options>?,
  _ out_hashes: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let version = try hashVersion(version)
    let seed = Array(try bytes(seed, seed_length, "seed"))
    try withTexts(users, "users") { users in
      try withRun(run) { control, threads in
        try userHashes(
          UserColumn(users), seed: seed, version: version,
          hashes: try array(out_hashes, users.count, "out_hashes"), threads: threads,
          control: control)
      }
    }
  }
}

@implementation @_cdecl("plaudit_assignment_slots")
public func plaudit_assignment_slots(
  _ weights: UnsafePointer<Double>?, _ arm_count: Int64, _ coverage: Double, _ version: Int32,
  _ previous: UnsafePointer<Int32>?, _ out_slots: UnsafeMutablePointer<Int32>?,
  _ capacity: Int64, _ out_count: UnsafeMutablePointer<Int64>?,
  _ out_shares: UnsafeMutablePointer<Double>?, _ error: ErrorSlot?
) -> plaudit_status {
  out_count?.pointee = 0
  return call(error) {
    let arms = try counted(arm_count, "arm_count")
    var table = try SlotTable(
      weights: try array(weights, arms, "weights"), coverage: coverage,
      version: try hashVersion(version))
    if let previous {
      table = try table.keeping(UnsafeBufferPointer(start: previous, count: table.arms.count))
    }
    out_count?.pointee = Int64(table.arms.count)
    let slots = try buffer(
      out_slots, capacity: capacity, needed: table.arms.count, "out_slots")
    store(table.arms, slots.baseAddress)
    store(table.shares, out_shares)
  }
}

@implementation @_cdecl("plaudit_assignment_assign")
public func plaudit_assignment_assign(
  _ experiment: UnsafePointer<plaudit_assignment_plan>?,
  _ users: UnsafePointer<plaudit_text_batch>?,
  _ run: UnsafePointer<plaudit_run_options>?, _ out_arms: UnsafeMutablePointer<Int32>?,
  _ error: ErrorSlot?
) -> plaudit_status {
  call(error) {
    let given = try PlauditABI.options(
      try required(experiment, "experiment"), zero: plaudit_assignment_plan(), "experiment")
    var namespace: Experiment.Namespace?
    if given.namespace_id != nil {
      namespace = Experiment.Namespace(
        name: Array(try bytes(given.namespace_id, given.namespace_length, "namespace_id")),
        lower: given.namespace_lower, upper: given.namespace_upper)
    }
    let wanted = try Experiment(
      seed: Array(try bytes(given.seed, given.seed_length, "seed")),
      version: try hashVersion(given.version),
      slots: try array(given.slots, try counted(given.slot_count, "slot_count"), "slots"),
      namespace: namespace)
    try withTexts(users, "users") { users in
      try withRun(run) { control, threads in
        try wanted.assign(
          UserColumn(users), arms: try array(out_arms, users.count, "out_arms"), threads: threads,
          control: control)
      }
    }
  }
}
