// StsStore: the MTA-STS policies this server knows, in memory and on disk: one small file for each domain, readable by
// people, replaced as a whole. A policy outlives restarts and counts until its max_age is over (RFC 8461 §5.1), whatever DNS
// says meanwhile: taking a record away is no way to weaken it.
//
// Not thread-safe; save() and remove() of the file are the caller's to run on a worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "io/disk.h"
#include "protocol/tls_policy/sts_policy.h"

namespace hikyaku::delivery {

struct KnownPolicy {
  std::string domain;      // canonical
  std::string id;          // of the record that announced it
  WallTime fetched{};
  tls_policy::StsPolicy policy;
  std::string text;        // as fetched

  [[nodiscard]] WallTime expires() const { return fetched + policy.max_age; }
  // What the file holds; decode() gives nothing for other texts.
  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<KnownPolicy> decode(std::string_view domain, std::string_view file);
};
using KnownPolicyPointer = std::shared_ptr<const KnownPolicy>;

class StsStore {
 public:
  static constexpr std::size_t most_policies = 50'000;
  static constexpr std::uint64_t most_file_octets = tls_policy::most_policy_octets + 1024;

  // The policy, unless it has expired; null: none.
  [[nodiscard]] KnownPolicyPointer find(const std::string& domain, WallTime now) const;
  // The domains whose policies leave the store for it: expired ones when it is full, then the one that expires first.
  std::vector<std::string> add(KnownPolicyPointer policy, WallTime now);
  // Forgets what has expired; their domains.
  std::vector<std::string> expire(WallTime now);
  // Fetched before `before`.
  [[nodiscard]] std::vector<KnownPolicyPointer> fetched_before(WallTime before) const;
  [[nodiscard]] std::size_t size() const { return known_.size(); }

  // Reads the folder, which may be missing; what is damaged or expired is passed over.
  void load(io::Disk& disk, const std::string& folder, WallTime now);

 private:
  std::unordered_map<std::string, KnownPolicyPointer> known_;
};

// "example.com" -> "FOLDER/example.com.policy". Nothing for a name too long for a file: its policy is kept in memory only.
[[nodiscard]] std::optional<std::string> policy_file(const std::string& folder, std::string_view domain);

}  // namespace hikyaku::delivery
