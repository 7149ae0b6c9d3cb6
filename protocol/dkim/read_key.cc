#include "protocol/dkim/read_key.h"

#include <utility>

namespace hikyaku::dkim {

ReadKeyOrWhy read_key(std::string_view text) {
  TRY(record, parse_key_record(text));
  auto key = PublicKey::read(record.algorithm, record.key);
  return ReadKey{std::move(record), std::move(key)};
}

}  // namespace hikyaku::dkim
