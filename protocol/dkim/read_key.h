// A key record and the key in it, read. Reading an RSA key and making it ready costs twice what one check with it does: whoever verifies much keeps them
// (ReadKeys), by the text of their record, so that another text is another key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/dkim/key_record.h"

namespace hikyaku::dkim {

struct ReadKey {
  KeyRecord record;
  Result<PublicKey, std::string> key;
};
using ReadKeyOrWhy = Result<ReadKey, std::string>;
// The error is that of the record.
[[nodiscard]] ReadKeyOrWhy read_key(std::string_view record);

class ReadKeys {
 public:
  virtual ~ReadKeys() = default;
  [[nodiscard]] virtual std::shared_ptr<const ReadKeyOrWhy> read(std::string_view record) = 0;
};

}  // namespace hikyaku::dkim
