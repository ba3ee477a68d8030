from __future__ import annotations
import re
from pyspark.sql.types import *
P={"string":StringType,"int":IntegerType,"long":LongType,"double":DoubleType,"boolean":BooleanType,"date":DateType,"timestamp":TimestampType,"binary":BinaryType}
def _t(t):
    if t in P: return P[t]()
    m=re.fullmatch(r"list<(.+)>",t)
    if m: return ArrayType(_t(m[1]))
    m=re.fullmatch(r"map<string,(.+)>",t)
    return MapType(StringType(), _t(m[1]))
def to_struct(spec):
    return StructType([StructField(c.name,_t(c.type),not c.required) for c in spec.columns.values()])
