-- A shop of bicycle parts: what the example looks into where no other database is named.

CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  country TEXT NOT NULL
);

CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  cents INTEGER NOT NULL CHECK (cents > 0),
  picture BLOB
);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer INTEGER NOT NULL REFERENCES customers (id),
  article INTEGER NOT NULL REFERENCES articles (id),
  pieces INTEGER NOT NULL DEFAULT 1,
  day TEXT NOT NULL
);

CREATE INDEX orders_by_customer ON orders (customer, day);

CREATE VIEW turnover AS
  SELECT customers.country, sum(orders.pieces * articles.cents) / 100.0 AS euros
  FROM orders JOIN customers ON customers.id = orders.customer JOIN articles ON articles.id = orders.article
  GROUP BY customers.country;

INSERT INTO customers (name, country) VALUES
  ('Ada', 'GB'), ('Grace', 'US'), ('Konrad', 'DE'), ('Sophie', 'FR'), ('Alan', 'GB');

INSERT INTO articles (name, cents, picture) VALUES
  ('bell', 1290, NULL), ('chain', 3450, x'89504e470d0a1a0a'), ('saddle', 5900, NULL), ('spoke', 80, NULL);

INSERT INTO orders (customer, article, pieces, day)
  WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 249)
  SELECT n % 5 + 1, n * 7 % 4 + 1, n % 3 + 1, date('2026-01-01', n || ' days') FROM numbers;
