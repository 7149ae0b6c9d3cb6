// KnownKeys: the DKIM keys that were read lately. Most mail comes from few senders. Nothing is trusted longer for it: the record is looked up for each message.
//
// Bounded: whoever was not asked for among the last `most` new ones is forgotten. About 6 KB each. For several threads.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "protocol/dkim/read_key.h"

namespace hikyaku::policy {

class KnownKeys final : public dkim::ReadKeys {
 public:
  explicit KnownKeys(std::size_t most = 1024) : most_(most) {}
  [[nodiscard]] std::shared_ptr<const dkim::ReadKeyOrWhy> read(std::string_view record) override;
  [[nodiscard]] std::size_t size() const;

 private:
  using Keys = std::unordered_map<std::string, std::shared_ptr<const dkim::ReadKeyOrWhy>>;
  void keep(std::string record, std::shared_ptr<const dkim::ReadKeyOrWhy> key);

  const std::size_t most_;
  mutable std::mutex mutex_;
  Keys younger_, older_;  // the older go when the younger are half of `most_`
};

}  // namespace hikyaku::policy
