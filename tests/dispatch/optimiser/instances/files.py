"""Benchmark files made up: a plane, roads with windows, Solomon's form."""

from pathlib import Path

VRP = """NAME : made-up
TYPE : CVRP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 0 3
3 4 0
4 4 3
DEMAND_SECTION
1 0
2 6
3 6
4 4
DEPOT_SECTION
1
-1
EOF
"""
ROADS = """NAME : roads
TYPE : VRPTW
DIMENSION : 3
VEHICLES : 2
CAPACITY : 9
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : FULL_MATRIX
EDGE_WEIGHT_SECTION
0 5 7
6 0 2
9 3 0
DEMAND_SECTION
1 0
2 4
3 5
TIME_WINDOW_SECTION
1 0 100
2 10 20
3 30 40
SERVICE_TIME_SECTION
1 0
2 3
3 4
DEPOT_SECTION
1
-1
EOF
"""
SOLOMON = """made-up

VEHICLE
NUMBER     CAPACITY
  3         50

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0       230          0
    1      1         1          7        161       171         10
    2      3         4         13         50        60         10
"""


def file_of(folder: Path, text: str | bytes, name: str = "file.vrp") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path
