#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "leyden/retrieval/stores/postgres/postgres_index.h"
#include "leyden/retrieval/stores/postgres/testing/postgres_server.h"

namespace leyden::retrieval::testing {

// One server for all tests that don't hurt it; null where ./dev setup could not bring it.
inline PostgresServer* shared_server() {
  static const std::unique_ptr<PostgresServer> server = [] {
    if (!have_postgres()) return std::unique_ptr<PostgresServer>();
    auto started = PostgresServer::start();
    EXPECT_TRUE(started) << started.error().message;
    return started ? *std::move(started) : nullptr;
  }();
  return server.get();
}

inline std::unique_ptr<Index> open_index(const PostgresIndexOptions& options) {
  auto index = open_postgres_index(options);
  EXPECT_TRUE(index) << index.error().message;
  return index ? *std::move(index) : nullptr;
}

}  // namespace leyden::retrieval::testing
